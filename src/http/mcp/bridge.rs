//! An MCP client on standard input and output, carried to a server elsewhere: each message is a POST, each answer a line.

use crate::error::{Error, Result};
use crate::remote::Remote;
use crate::stop::Stopper;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// Where a message says which revision it speaks (2026-07-28, per-request metadata).
const REVISION: &str = "io.modelcontextprotocol/protocolVersion";

struct Bridge {
    remote: Remote,
    path: &'static str,
    /// What the initialize handshake agreed on.
    agreed: OnceLock<String>,
    output: Mutex<tokio::io::Stdout>,
}

/// Carries messages until the client goes away and has its answers, or the stopper says so.
pub async fn bridge(remote: Remote, all: bool, stopper: &Stopper) -> Result<()> {
    let bridge = Arc::new(Bridge {
        remote,
        path: if all { "/mcp?tools=all" } else { "/mcp" },
        agreed: OnceLock::new(),
        output: Mutex::new(tokio::io::stdout()),
    });
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut carried = JoinSet::new();
    loop {
        let line = tokio::select! {
            line = lines.next_line() => line.map_err(Error::internal)?,
            () = stopper.stopped() => return Ok(()),
        };
        let Some(line) = line else { break };
        let bridge = bridge.clone();
        if !line.trim().is_empty() {
            carried.spawn(async move { bridge.carry(&line).await });
        }
        while let Some(done) = carried.try_join_next() {
            done.map_err(Error::internal)??;
        }
    }
    while let Some(done) = carried.join_next().await {
        done.map_err(Error::internal)??;
    }
    Ok(())
}

impl Bridge {
    async fn carry(&self, line: &str) -> Result<()> {
        let answer = match serde_json::from_str::<Value>(line) {
            Err(error) => Some(failure(&Value::Null, -32700, &error.to_string())),
            Ok(message) if message.is_object() => self.answer(line, &message).await,
            Ok(_) => Some(failure(
                &Value::Null,
                -32600,
                "a message is one JSON object",
            )),
        };
        let Some(answer) = answer else { return Ok(()) };
        let mut output = self.output.lock().await;
        let line = format!("{answer}\n");
        output
            .write_all(line.as_bytes())
            .await
            .map_err(Error::internal)?;
        output.flush().await.map_err(Error::internal)
    }

    /// None for what wants no answer.
    async fn answer(&self, line: &str, message: &Value) -> Option<Value> {
        let id = message.get("id").cloned();
        let headers = headers(message, self.agreed.get());
        let refused = match self
            .remote
            .exchange(self.path, headers, line.to_owned())
            .await
        {
            Ok((_, mut reply)) if reply.get("jsonrpc").is_some() => {
                // What is refused before it is understood names nobody.
                if let (true, Some(id)) = (reply["id"].is_null(), &id) {
                    reply["id"] = id.clone();
                }
                if let Some(version) = reply["result"]["protocolVersion"].as_str() {
                    let _ = self.agreed.set(version.to_owned());
                }
                return id.map(|_| reply);
            }
            Ok((status, reply)) => {
                let detail = reply["detail"].as_str().unwrap_or("no reason is given");
                format!("the server answers {status}: {detail}")
            }
            Err(error) => error.message().to_owned(),
        };
        id.map(|id| failure(&id, -32000, &refused))
    }
}

/// What the protocol asks of an HTTP request with this message.
fn headers(message: &Value, agreed: Option<&String>) -> HeaderMap {
    let params = &message["params"];
    let stateless = params["_meta"][REVISION].as_str();
    let mut given = vec![(
        "mcp-protocol-version",
        stateless.or(agreed.map(String::as_str)),
    )];
    if stateless.is_some() {
        given.push(("mcp-method", message["method"].as_str()));
        let name = params["name"].as_str().or(params["uri"].as_str());
        given.push(("mcp-name", name));
    }
    given
        .into_iter()
        .filter_map(|(name, value)| {
            let value = HeaderValue::from_str(value?).ok()?;
            Some((HeaderName::from_static(name), value))
        })
        .collect()
}

fn failure(id: &Value, code: i32, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

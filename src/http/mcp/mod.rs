//! MCP at /mcp and on stdio: every operation with a JSON reply is a tool, what is remembered is a resource.

mod bridge;
mod memory;
mod prompts;
mod resources;
mod stdio;
mod tools;

pub use bridge::bridge;
pub use stdio::stdio;

use super::rest::{patient, read_body};
use super::{Leaving, Request};
use crate::app::App;
use crate::error::{Error, Result};
use crate::json::Args;
use bytes::Bytes;
use futures_util::TryStreamExt;
use http_body_util::{BodyDataStream, BodyExt, Full};
use hyper::header::{ACCEPT, ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use memory::Memory;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The MCP face over HTTP: stateless, one POST a message.
pub struct Mcp {
    service: StreamableHttpService<Memory, NeverSessionManager>,
    cancel: CancellationToken,
}

impl Mcp {
    /// For one server.
    pub fn new(app: Arc<App>) -> Result<Self> {
        let cancel = CancellationToken::new();
        // Host and Origin are checked at the edge, before every face.
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_cancellation_token(cancel.clone())
            .with_max_request_body_bytes(super::BODY_LIMIT)
            .disable_allowed_hosts();
        let memory = Memory::new(app, false);
        let service = StreamableHttpService::new(
            move || Ok(memory.clone()),
            Arc::new(NeverSessionManager::default()),
            config,
        );
        Ok(Self { service, cancel })
    }

    /// Answers one request; the edge has put the caller into its extensions.
    pub async fn answer(&self, request: Request) -> Result<Leaving> {
        let (mut parts, body) = request.into_parts();
        let pieces = BodyDataStream::new(body)
            .map_err(|error| Error::invalid(format!("the body broke off: {error}")));
        let bytes = read_body(&parts.headers, patient(pieces), super::BODY_LIMIT).await?;
        if parts.method == hyper::Method::POST
            && let Err(refusal) = check(&parts.headers, &bytes)
        {
            return Ok(*refusal);
        }
        // Clients that accept anything get what the protocol's own clients ask for.
        let accept = parts
            .headers
            .get(ACCEPT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("*/*");
        if accept.contains("*/*") {
            parts.headers.insert(
                ACCEPT,
                HeaderValue::from_static("application/json, text/event-stream"),
            );
        }
        parts.headers.insert(CONTENT_LENGTH, bytes.len().into());
        parts.extensions.insert(AsSent(bytes.clone()));
        let response = self
            .service
            .handle(hyper::Request::from_parts(parts, Full::new(bytes)))
            .await;
        let kind = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let status = response.status();
        if status.is_success() || kind.is_some_and(|kind| kind.starts_with("application/json")) {
            return Ok(response.map(|body| body.map_err(|never| match never {}).boxed_unsync()));
        }
        // rmcp refuses in plain text; its clients read JSON-RPC.
        let (head, body) = response.into_parts();
        let text = body
            .collect()
            .await
            .map_or_else(|never| match never {}, |body| body.to_bytes());
        let mut refused = *refusal(status, -32600, &String::from_utf8_lossy(&text));
        if let Some(allow) = head.headers.get(ALLOW) {
            refused.headers_mut().insert(ALLOW, allow.clone());
        }
        Ok(refused)
    }

    /// Ends streams that are still open.
    pub fn stop(&self) {
        self.cancel.cancel();
    }
}

/// Strict JSON and JSON-RPC, before anyone lenient reads it.
fn check(headers: &HeaderMap, body: &Bytes) -> Result<(), Box<Leaving>> {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("application/json")
    {
        return Err(refusal(
            hyper::StatusCode::UNSUPPORTED_MEDIA_TYPE,
            -32600,
            "the body's Content-Type has to be application/json",
        ));
    }
    let bad = hyper::StatusCode::BAD_REQUEST;
    let mut args = Args::parse(body).map_err(|error| refusal(bad, -32700, error.message()))?;
    match args.take_string("jsonrpc") {
        Ok(Some(version)) if version == "2.0" => Ok(()),
        _ => Err(refusal(bad, -32600, "jsonrpc has to be \"2.0\"")),
    }
}

fn refusal(status: hyper::StatusCode, code: i32, message: &str) -> Box<Leaving> {
    let body = json!({"jsonrpc": "2.0", "id": null, "error": {"code": code, "message": message}})
        .to_string();
    let mut response = Leaving::new(super::Content::Full(body.into()).boxed());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Box::new(response)
}

/// The message as it was sent: rmcp's own view of it has other numbers and another order of members.
#[derive(Clone)]
struct AsSent(Bytes);

impl AsSent {
    /// The arguments of a tools/call, word for word.
    fn arguments(&self) -> Result<Args> {
        #[derive(Deserialize)]
        struct Message<'a> {
            #[serde(borrow)]
            params: Params<'a>,
        }
        #[derive(Deserialize)]
        struct Params<'a> {
            #[serde(borrow)]
            arguments: Option<&'a RawValue>,
        }
        let message: Message<'_> = serde_json::from_slice(&self.0).map_err(Error::internal)?;
        message
            .params
            .arguments
            .map_or(Ok(Args::default()), |arguments| {
                Args::parse(arguments.get().as_bytes())
            })
    }
}

//! `status`: whether the server runs, on what, and how it stands.

use super::backup::tell;
use super::db;
use super::open::{Database, block_on, configure, drop_root, must_exist};
use crate::backup::state::state;
use crate::config::{Config, Flags};
use crate::error::{Error, Kind, Result};
use clap::Args;
use serde_json::{Value, json};
use std::time::Duration;

/// Options of `status`.
#[derive(Args)]
#[command(
    after_help = "Exits with 69 when the server does not answer, or is not healthy.\n\nExamples:\n  agent-memory status\n  agent-memory status --json"
)]
pub struct Status {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Status {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let config = configure(flags, true)?.config;
        must_exist(&config)?;
        drop_root(&config)?;
        let found = block_on(gather(&config))?;
        tell(&found, self.json, &text(&found))?;
        match found["server"]["status"].as_str() {
            Some("healthy" | "degraded") => Ok(()),
            _ => {
                let message = "the server does not answer; agent-memory doctor says what is wrong, agent-memory serve starts it";
                Err(Error::new(Kind::Unavailable, "not_running", message))
            }
        }
    }
}

/// The server's own word, the database's, and that of the backups.
pub async fn gather(config: &Config) -> Result<Value> {
    let (server, url) = ask(config).await?;
    let database = match Database::open(config, true).await {
        Ok(database) => {
            let status = db::status(config, &database).await;
            database.close().await;
            status.unwrap_or_else(|error| json!({"error": error.message()}))
        }
        Err(error) => json!({"error": error.message()}),
    };
    let backup = state(config, None).await?;
    let (told, _) = backup.told();
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"), "address": url, "server": server, "database": database,
        "backup": {"told": told, "state": backup},
    }))
}

/// Where this machine reaches the server of a configuration.
pub fn address(config: &Config) -> String {
    let address = config.addresses().ok().and_then(|all| all.first().copied());
    let host = match address {
        Some(address) if address.is_unspecified() => "127.0.0.1".to_owned(),
        Some(address) if address.is_ipv6() => format!("[{address}]"),
        Some(address) => address.to_string(),
        None => "127.0.0.1".to_owned(),
    };
    format!("http://{host}:{}", config.server.port)
}

/// A client for a question to our own server.
pub fn client() -> Result<reqwest::Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().timeout(Duration::from_secs(5));
    client.no_proxy().build().map_err(Error::internal)
}

/// What the server says of itself at the configured address.
async fn ask(config: &Config) -> Result<(Value, String)> {
    let url = address(config);
    let client = client()?;
    let answer = async {
        let reply = client.get(format!("{url}/health/detailed")).send().await?;
        reply.bytes().await
    };
    let said = match answer.await {
        Ok(bytes) => {
            serde_json::from_slice(&bytes).unwrap_or_else(|_| json!({"status": "unknown"}))
        }
        Err(_) => json!({"status": "not running"}),
    };
    Ok((said, url))
}

fn text(found: &Value) -> String {
    let word = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let mut lines = vec![
        format!(
            "server      {} at {}",
            word(&found["server"]["status"]),
            word(&found["address"])
        ),
        format!("version     {}", word(&found["version"])),
    ];
    let database = &found["database"];
    match database["error"].as_str() {
        Some(error) => lines.push(format!("database    {error}")),
        None => lines.push(format!(
            "database    {}, {}, schema {} ({} migrations missing)",
            word(&database["mode"]),
            word(&database["url"]),
            database["schema_version"],
            database["pending_migrations"]
        )),
    }
    for check in ["storage", "consolidation"] {
        let check_said = &found["server"]["checks"][check];
        if check_said.is_object() {
            lines.push(format!(
                "{check:11} {}: {}",
                word(&check_said["status"]),
                word(&check_said["message"])
            ));
        }
    }
    lines.push(format!("backup      {}", word(&found["backup"]["told"])));
    lines.join("\n")
}

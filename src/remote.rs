//! A server elsewhere, as hooks and MCP clients on stdio reach it.

use crate::config::Client;
use crate::error::{Error, Kind, Result};
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::time::Duration;

/// How long a host waits for one answer, and how long what nobody waits for does.
const PATIENCE: Duration = Duration::from_secs(3);
const LONG: Duration = Duration::from_secs(60);

/// The server.
pub struct Remote {
    url: String,
    key: String,
    tenant: String,
    client: reqwest::Client,
}

impl Remote {
    /// As it is configured; `patient` where nobody waits.
    pub fn new(config: &Client, patient: bool) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let patience = if patient { LONG } else { PATIENCE };
        let client = reqwest::Client::builder().timeout(patience).no_proxy();
        Ok(Self {
            url: config.url.trim_end_matches('/').to_owned(),
            key: config.key.clone(),
            tenant: config.tenant.clone(),
            client: client.build().map_err(Error::internal)?,
        })
    }

    /// Reads.
    pub async fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value> {
        let mut url =
            reqwest::Url::parse(&format!("{}{path}", self.url)).map_err(Error::internal)?;
        url.query_pairs_mut().extend_pairs(query);
        self.ask(self.client.get(url)).await
    }

    /// Asks with a body.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.client.post(format!("{}{path}", self.url));
        self.ask(with_body(request, body.to_string())).await
    }

    /// Asks with a body, once however often it is sent with this key.
    pub async fn post_once(&self, path: &str, body: &Value, key: &str) -> Result<()> {
        let request = self.client.post(format!("{}{path}", self.url));
        let request = request.header("Idempotency-Key", key);
        let request = request.header("X-Written-How", "hook");
        self.ask(with_body(request, body.to_string()))
            .await
            .map(drop)
    }

    /// Sends a body with headers of its own; the status and whatever is answered.
    pub async fn exchange(
        &self,
        path: &str,
        headers: HeaderMap,
        body: String,
    ) -> Result<(u16, Value)> {
        let request = self.client.post(format!("{}{path}", self.url));
        self.send(with_body(request, body).headers(headers)).await
    }

    async fn send(&self, mut request: reqwest::RequestBuilder) -> Result<(u16, Value)> {
        if !self.key.is_empty() {
            request = request.bearer_auth(&self.key);
        }
        if !self.tenant.is_empty() {
            request = request.header("X-Tenant-Id", &self.tenant);
        }
        let away = |error: reqwest::Error| {
            let message = format!("{} does not answer", self.url);
            Error::unavailable("server_away", message).source(error.without_url())
        };
        let reply = request.send().await.map_err(away)?;
        let status = reply.status().as_u16();
        let body = reply.bytes().await.map_err(away)?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<Value> {
        let (status, body) = self.send(request).await?;
        let kind = match status {
            200..=299 => return Ok(body),
            400 | 415 => Kind::Invalid,
            409 => Kind::Conflict,
            410 => Kind::Gone,
            413 => Kind::TooLarge,
            422 => Kind::Unprocessable,
            401 => Kind::Unauthenticated,
            403 => Kind::Forbidden,
            _ => Kind::Unavailable,
        };
        let detail = body["detail"].as_str().unwrap_or("no reason is given");
        Err(Error::new(
            kind,
            "server_refused",
            format!("{} answers {status}: {detail}", self.url),
        ))
    }
}

fn with_body(request: reqwest::RequestBuilder, body: String) -> reqwest::RequestBuilder {
    let request = request.header("Content-Type", "application/json");
    request.body(body)
}

//! A client that is typed by the operation it calls.

use agent_memory::operation::{Method, Operation};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// reqwest without a TLS provider of its own choice.
pub fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The body as JSON; null when it is none.
    pub json: Value,
}

impl Reply {
    /// The reply of a call that has to work.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(
            (200..300).contains(&self.status),
            "{}: {}",
            self.status,
            self.text
        );
        self.json
    }

    /// The problem of a call that has to fail.
    #[track_caller]
    pub fn refused(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.json["status"], status);
        assert_eq!(self.json["error"], self.json["detail"]);
        assert!(self.json["request_id"].is_string() && self.json["code"].is_string());
        self.json
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// A client of one server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    pub url: String,
    headers: HeaderMap,
}

impl Client {
    /// Without key or tenant.
    pub fn new(url: &str) -> Self {
        Self {
            http: http(),
            url: url.to_owned(),
            headers: HeaderMap::new(),
        }
    }

    /// The same with a header.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        );
        self
    }

    /// The same for a tenant.
    pub fn tenant(self, name: &str) -> Self {
        self.with("x-tenant-id", name)
    }

    /// The same with a key.
    pub fn key(self, key: &str) -> Self {
        self.with("authorization", &format!("Bearer {key}"))
    }

    /// Calls an operation over REST as its definition says.
    pub async fn call<O: Operation>(&self, input: Value) -> Reply {
        self.rest(O::METHOD, O::PATH, input).await
    }

    /// Calls a route: members named in the path go there, the rest into the query or the body.
    pub async fn rest(&self, method: Method, path: &str, mut input: Value) -> Reply {
        let mut path = path.to_owned();
        let members = input
            .as_object_mut()
            .expect("an operation's input is an object");
        let in_path: Vec<String> = members
            .keys()
            .filter(|name| path.contains(&format!("{{{name}}}")))
            .cloned()
            .collect();
        for name in in_path {
            let value = members.remove(&name).unwrap();
            path = path.replace(&format!("{{{name}}}"), value.as_str().unwrap());
        }
        let in_query = matches!(method, Method::Get | Method::Delete);
        if in_query && !members.is_empty() {
            let text = |value: &Value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            };
            let mut pairs = Vec::new();
            for (name, value) in members.iter() {
                match value.as_array() {
                    Some(items) => pairs.extend(
                        items
                            .iter()
                            .map(|item| format!("{name}={}", encode(&text(item)))),
                    ),
                    None => pairs.push(format!("{name}={}", encode(&text(value)))),
                }
            }
            path = format!("{path}?{}", pairs.join("&"));
        }
        let body = if in_query {
            None
        } else {
            Some(input.to_string().into_bytes())
        };
        self.raw(method.as_str(), &path, body, "application/json")
            .await
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> Reply {
        self.raw("GET", path, None, "").await
    }

    /// Posts a body as it is.
    pub async fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.raw("POST", path, Some(body.into()), "application/json")
            .await
    }

    /// Posts a body and leaves the answer to be read piece by piece.
    pub async fn stream(&self, path: &str, body: impl Into<Vec<u8>>) -> reqwest::Response {
        let request = self.http.post(format!("{}{path}", self.url));
        let request = request.headers(self.headers.clone()).body(body.into());
        let request = request.header("content-type", "application/json");
        request.send().await.unwrap()
    }

    /// The key that it sends.
    pub fn bearer(&self) -> &str {
        let sent = self.headers["authorization"].to_str().unwrap();
        sent.strip_prefix("Bearer ").unwrap()
    }

    /// Any request.
    pub async fn raw(
        &self,
        method: &str,
        path: &str,
        body: Option<Vec<u8>>,
        content_type: &str,
    ) -> Reply {
        self.try_raw(method, path, body, content_type)
            .await
            .unwrap()
    }

    /// Any request; the connection may fail.
    pub async fn try_raw(
        &self,
        method: &str,
        path: &str,
        body: Option<Vec<u8>>,
        content_type: &str,
    ) -> reqwest::Result<Reply> {
        let mut request = self
            .http
            .request(method.parse().unwrap(), format!("{}{path}", self.url))
            .headers(self.headers.clone());
        if let Some(body) = body {
            request = request.header("content-type", content_type).body(body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = String::from_utf8_lossy(&response.bytes().await?).into_owned();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Ok(Reply {
            status,
            headers,
            text,
            json,
        })
    }

    /// Calls an MCP tool over HTTP: its result.
    pub async fn tool(&self, name: &str, arguments: Value) -> Value {
        let call = serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}});
        let reply = self.post("/mcp", call.to_string()).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json["result"].clone()
    }
}

/// A query's value, percent-encoded.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                (byte as char).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

//! What the gateway refuses, and what it says when the model is away.

use crate::gateway::{KNOWN, PATHS, asks};
use crate::support::upstream::Upstream;
use crate::support::{Client, Server};
use agent_memory::knowledge::NoteWrite;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The answer to a path as it is written: clients would resolve its dots.
async fn straight(url: &str, path: &str, key: &str) -> String {
    let address = url.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nX-Memory-Key: {key}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_model_that_is_away_is_said_so() {
    let server = Server::configured(false, |config| {
        config.memory.upstream_url = "http://127.0.0.1:9/v1".to_owned()
    })
    .await;
    let acme = server.tenant("acme").await.with("x-session-id", "s");
    let away = acme
        .post(PATHS[0], asks(PATHS[0], "echo", false, &["Hello"]))
        .await;
    assert_eq!(
        (away.status, &away.json["error"]["code"]),
        (502, &json!("model_away"))
    );
    assert!(
        away.json["error"]["message"]
            .as_str()
            .unwrap()
            .contains("UPSTREAM_LLM_URL")
    );
    let without = Server::start().await;
    let none = Client::new(&without.url).post(PATHS[0], "{}").await;
    assert_eq!(none.status, 404);
    assert!(
        none.json["error"]["message"]
            .as_str()
            .unwrap()
            .contains("UPSTREAM_LLM_URL")
    );
}

#[tokio::test]
async fn keys_and_tenants_hold_in_front_of_a_model() {
    let upstream = Upstream::start().await;
    let url = upstream.url.clone();
    let server = Server::configured(true, move |config| config.memory.upstream_url = url).await;
    let (writer, reader) = (
        server.key("acme", "write").await,
        server.key("acme", "read").await,
    );
    writer.call::<NoteWrite>(json!({"text": KNOWN})).await.ok();
    let body = asks(
        PATHS[0],
        "echo",
        false,
        &["What is the harbour pilot called?"],
    );
    let with = |key: &str| {
        let client = Client::new(&server.url)
            .with("x-session-id", "s")
            .with("x-api-key", "sk-of-the-model");
        if key.is_empty() {
            client
        } else {
            client.with("x-memory-key", key)
        }
    };
    for (key, status) in [("", 401), ("am_wrong", 401), (reader.bearer(), 403)] {
        let refused = with(key).post(PATHS[0], body.clone()).await;
        assert_eq!(refused.status, status, "{}", refused.text);
        assert!(refused.json["error"]["message"].is_string());
    }
    let foreign = with(writer.bearer())
        .with("x-tenant-id", "rival")
        .post(PATHS[0], body.clone())
        .await;
    assert_eq!(foreign.status, 404, "{}", foreign.text);
    // Out of the model's interface, however it is written.
    for path in [
        "/v1/../api/delete",
        "/v1/%2e%2e/api/delete",
        "/v1/x/..\\..\\api",
    ] {
        let outside = straight(&server.url, path, writer.bearer()).await;
        assert!(outside.starts_with("HTTP/1.1 404"), "{path}: {outside}");
    }
    assert!(upstream.seen().is_empty());
    let reply = with(writer.bearer()).post(PATHS[0], body.clone()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let seen = upstream.last();
    assert_eq!(seen.headers["x-api-key"], "sk-of-the-model");
    assert!(String::from_utf8_lossy(&seen.body).contains("Ines Martins"));
    // Another tenant's memory does not come along.
    let rival = server.key("rival", "write").await;
    with(rival.bearer()).post(PATHS[0], body.clone()).await;
    assert_eq!(upstream.last().body, body.as_bytes());
}

//! The rules for every operation: strict input, limits, problems, ETags, request ids.

use crate::support::{Client, Server, http};
use agent_memory::handoff;
use serde_json::json;

#[tokio::test]
async fn malformed_bodies_are_refused_with_a_reason() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let deep = format!(
        "{{\"session_id\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    for (body, field) in [
        ("", "session_id"),
        ("[]", ""),
        ("{", ""),
        ("null", ""),
        (
            r#"{"session_id":"s","session_id":"t","with_whom":"A","story":"x"}"#,
            "session_id",
        ),
        (
            r#"{"session_id":"s","with_whom":"A","story":"a\u0000b"}"#,
            "story",
        ),
        (
            r#"{"session_id":"s","with_whom":"A","story":"\ud800"}"#,
            "story",
        ),
        (
            r#"{"session_id":"s","with_whom":"A","story":"x","significance":1e400}"#,
            "significance",
        ),
        (
            r#"{"session_id":"s","with_whom":"A","story":"x"} trailing"#,
            "",
        ),
        (deep.as_str(), ""),
    ] {
        let problem = acme.post("/api/v1/handoff", body).await.refused(400);
        let at = problem["field"].as_str().unwrap_or_default();
        assert!(
            at == field || body.len() > 1000,
            "{}: {problem}",
            &body[..body.len().min(80)]
        );
    }
    let bytes = acme
        .post("/api/v1/handoff", b"{\"session_id\":\"\xff\"}".to_vec())
        .await;
    bytes.refused(400);
    acme.raw(
        "POST",
        "/api/v1/handoff",
        Some(b"a=b".to_vec()),
        "application/x-www-form-urlencoded",
    )
    .await
    .refused(415);
    assert_eq!(
        acme.call::<handoff::Stats>(json!({})).await.ok()["total"],
        0
    );
}

#[tokio::test]
async fn a_body_ends_at_ten_mebibytes() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let body = |size: usize| {
        let frame = r#"{"session_id":"s","with_whom":"A","story":""}"#.len();
        format!(
            r#"{{"session_id":"s","with_whom":"A","story":"{}"}}"#,
            "x".repeat(size - frame)
        )
    };
    let limit = 10 * 1024 * 1024;
    assert_eq!(acme.post("/api/v1/handoff", body(limit)).await.status, 201);
    acme.post("/api/v1/handoff", body(limit + 1))
        .await
        .refused(413);
    // Without a Content-Length it is counted as it comes.
    let chunks = futures_util::stream::iter(
        (0..11).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1024 * 1024])),
    );
    let request = http()
        .post(format!("{}/api/v1/handoff", server.url))
        .header("content-type", "application/json");
    let reply = request
        .body(reqwest::Body::wrap_stream(chunks))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 413);
}

#[tokio::test]
async fn paths_methods_and_queries_are_strict_and_problems_are_json() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    acme.get("/api/v1/nothing").await.refused(404);
    let wrong = acme.raw("PATCH", "/api/v1/handoffs", None, "").await;
    assert_eq!(wrong.header("allow"), "GET");
    wrong.refused(405);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("limit=5&limit=6", "limit"),
        ("color=red", "color"),
        ("since=monday", "since"),
        ("with_whom=%ff", "with_whom"),
        ("with_whom=%00", "with_whom"),
    ] {
        let problem = acme
            .get(&format!("/api/v1/handoffs?{query}"))
            .await
            .refused(400);
        assert_eq!(problem["field"], field, "{query}: {problem}");
    }
    acme.get("/api/v1/handoffs?limit=10.0").await.ok();
    let reply = acme
        .clone()
        .with("x-request-id", "mine-42")
        .get("/api/v1/nothing")
        .await;
    assert_eq!(reply.header("x-request-id"), "mine-42");
    assert_eq!(reply.refused(404)["request_id"], "mine-42");
    let problem = acme
        .get("/api/v1/handoffs/last?tenant_id=other")
        .await
        .refused(400);
    assert_eq!(problem["field"], "tenant_id");
    let head = acme.raw("HEAD", "/api/v1/handoffs", None, "").await;
    assert!(head.status == 200 && head.text.is_empty() && head.header("content-length") != "0");
}

#[tokio::test]
async fn a_read_that_has_not_changed_is_not_sent_again() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    acme.call::<handoff::Create>(json!({"session_id": "s", "with_whom": "Ada", "story": "x"}))
        .await
        .ok();
    let path = "/api/v1/wake-up?with_whom=Ada";
    let first = acme.get(path).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\""));
    let same = acme.clone().with("if-none-match", &tag).get(path).await;
    assert_eq!(
        (same.status, same.text.as_str(), same.header("etag")),
        (304, "", tag.as_str())
    );
    acme.call::<handoff::Create>(json!({"session_id": "s", "with_whom": "Ada", "story": "y"}))
        .await
        .ok();
    assert_eq!(
        acme.clone()
            .with("if-none-match", &tag)
            .get(path)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_web_page_of_another_host_does_not_get_in() {
    let server = Server::start().await;
    for (host, origin, allowed) in [
        ("127.0.0.1:3456", "", true),
        ("localhost", "http://localhost:5173", true),
        ("[::1]:3456", "", true),
        ("evil.example", "", false),
        ("localhost.evil.example", "", false),
        ("127.0.0.1", "https://evil.example", false),
        ("127.0.0.1", "null", false),
    ] {
        let mut client = Client::new(&server.url).with("host", host);
        if !origin.is_empty() {
            client = client.with("origin", origin);
        }
        for path in ["/api/v1/handoffs", "/mcp", "/"] {
            let reply = if path == "/mcp" {
                client
                    .post(path, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
                    .await
            } else {
                client.get(path).await
            };
            assert_eq!(
                reply.status != 403,
                allowed,
                "{host} {origin} {path}: {} {}",
                reply.status,
                reply.text
            );
        }
        assert_eq!(
            client.get("/health").await.status,
            200,
            "health is asked by address"
        );
    }
}

#[tokio::test]
async fn requests_that_mean_two_things_or_none_are_refused() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Server::start().await;
    let address = server.url.trim_start_matches("http://").to_owned();
    for (request, status) in [
        (
            "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "405",
        ),
        (
            "GET /api/v1/handoffs HTTP/1.1\r\nHost: localhost\r\nX-Tenant-Id: a\r\nX-Tenant-Id: b\r\n\r\n",
            "400",
        ),
        (
            "GET /api/v1/handoffs HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
            "400",
        ),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
        (
            "GET /api/v1/handoffs HTTP/1.0\r\nHost: localhost\r\n\r\n",
            "200",
        ),
    ] {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = [0; 12];
        stream.read_exact(&mut reply).await.unwrap();
        assert_eq!(&String::from_utf8_lossy(&reply)[9..12], status, "{request}");
    }
    let acme = server.tenant("acme").await;
    let body = r#"{"session_id":"s","with_whom":"A","story":"x","tenant_id":null}"#;
    assert_eq!(
        acme.post("/api/v1/handoff", body).await.refused(400)["field"],
        "tenant_id"
    );
}

#[tokio::test]
async fn a_connection_that_a_client_keeps_for_later_is_there_later() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Server::start().await;
    let address = server.url.trim_start_matches("http://").to_owned();
    let ask = async |stream: &mut tokio::net::TcpStream| {
        let request = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = [0; 4096];
        let size = stream.read(&mut reply).await.unwrap();
        assert!(String::from_utf8_lossy(&reply[..size]).starts_with("HTTP/1.1 200"));
    };
    let connect = async || tokio::net::TcpStream::connect(&address).await.unwrap();
    let (mut spare, mut kept) = (connect().await, connect().await);
    ask(&mut kept).await;
    // Longer than the server waits for a connection's first word when there are many of them.
    let later = std::time::Instant::now() + std::time::Duration::from_secs(8);
    let mut eof = [0; 1];
    let closed = tokio::time::timeout_at(later.into(), spare.read(&mut eof)).await;
    assert!(
        closed.is_err(),
        "the server closed a connection that had not asked yet"
    );
    ask(&mut spare).await;
    ask(&mut kept).await;
}

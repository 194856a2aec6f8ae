//! Web pages, proxies and guessers

use crate::support::{Client, Server};
use agent_memory::handoff;
use serde_json::json;

#[tokio::test]
async fn every_reply_carries_the_headers_that_browsers_obey() {
    let server = Server::with_keys().await;
    let client = Client::new(&server.url);
    for path in ["/", "/health", "/api/v1/handoffs", "/nowhere", "/mcp"] {
        let reply = client.get(path).await;
        for (name, value) in [
            ("x-frame-options", "SAMEORIGIN"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-xss-protection", "0"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'self'",
            ),
            ("strict-transport-security", ""),
            ("set-cookie", ""),
            ("access-control-allow-origin", ""),
        ] {
            assert_eq!(reply.header(name), value, "{path}: {name}");
        }
    }
    let behind = client
        .with("x-forwarded-proto", "https")
        .get("/health")
        .await;
    assert_eq!(
        behind.header("strict-transport-security"),
        "max-age=31536000"
    );
}

#[tokio::test]
async fn pages_of_allowed_origins_are_let_in_and_no_others() {
    let server = Server::configured(false, |config| {
        config.access.cors_origins = "https://app.example.com".to_owned();
    })
    .await;
    let preflight = async |origin: &str| {
        Client::new(&server.url)
            .with("origin", origin)
            .with("access-control-request-method", "POST")
            .raw("OPTIONS", "/api/v1/handoff", None, "")
            .await
    };
    let allowed = preflight("https://app.example.com").await;
    assert_eq!(
        (
            allowed.status,
            allowed.header("access-control-allow-origin")
        ),
        (204, "https://app.example.com")
    );
    assert!(
        allowed
            .header("access-control-allow-headers")
            .contains("authorization")
    );
    let refused = preflight("https://evil.example.com").await;
    assert_eq!(
        (
            refused.status,
            refused.header("access-control-allow-origin")
        ),
        (403, "")
    );
    let page = Client::new(&server.url).with("origin", "https://app.example.com");
    let reply = page.call::<handoff::Stats>(json!({})).await;
    assert_eq!((reply.status, reply.header("vary")), (200, "Origin"));
    let evil = Client::new(&server.url).with("origin", "https://evil.example.com");
    evil.call::<handoff::Stats>(json!({})).await.refused(403);
    // A kubelet probes by the pod's address, and so does a load balancer.
    Client::new(&server.url)
        .with("host", "10.1.2.3:3456")
        .get("/health/ready")
        .await
        .ok();
    Client::new(&server.url)
        .with("host", "rebound.example.com")
        .get("/api/v1/handoffs")
        .await
        .refused(403);
}

#[tokio::test]
async fn guessing_is_slowed_for_its_address_and_for_no_other() {
    let server = Server::with_keys().await;
    let holder = server
        .key("acme", "read")
        .await
        .with("x-forwarded-for", "203.0.113.9");
    holder.call::<handoff::Stats>(json!({})).await.ok();
    let guess = async |n: u32, address: &str| {
        let key = format!("am_{n:043}");
        let client = Client::new(&server.url)
            .key(&key)
            .with("x-forwarded-for", address);
        client.call::<handoff::Stats>(json!({})).await
    };
    let mut slowed = None;
    for n in 0..60 {
        let reply = guess(n, "203.0.113.9").await;
        match reply.status {
            429 => slowed = Some(reply),
            status => assert_eq!(status, 401),
        }
    }
    let slowed = slowed.expect("60 guesses within a moment");
    assert!(slowed.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert_eq!(slowed.refused(429)["code"], "too_many_guesses");
    // Who has a key that worked goes on, from the same address too; others may be wrong a few times.
    holder.call::<handoff::Stats>(json!({})).await.ok();
    guess(1, "198.51.100.2").await.refused(401);
    let mcp = Client::new(&server.url)
        .key("am_guess")
        .with("x-forwarded-for", "203.0.113.9");
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    for _ in 0..3 {
        mcp.post("/mcp", call.to_string()).await.refused(429);
    }
    // A key in the query is no key.
    Client::new(&server.url)
        .get(&format!("/api/v1/handoffs?key={}", server.admin))
        .await
        .refused(401);
}

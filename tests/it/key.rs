//! key_*: 401 and 403 are real

use crate::support::{Client, Server, until};
use agent_memory::{handoff, key};
use serde_json::json;

#[tokio::test]
async fn each_scope_reaches_as_far_as_it_says() {
    let server = Server::with_keys().await;
    let write = json!({"session_id": "s", "with_whom": "Ada", "story": "x"});
    let nobody = Client::new(&server.url);
    let problem = nobody.call::<handoff::Last>(json!({})).await;
    assert_eq!(
        problem.header("www-authenticate"),
        "Bearer realm=\"agent-memory\""
    );
    problem.refused(401);
    Client::new(&server.url)
        .key("am_guess")
        .call::<handoff::Last>(json!({}))
        .await
        .refused(401);
    let (reader, writer, admin) = (
        server.key("acme", "read").await,
        server.key("acme", "write").await,
        server.key("acme", "admin").await,
    );
    reader
        .call::<handoff::Create>(write.clone())
        .await
        .refused(403);
    writer.call::<handoff::Create>(write).await.ok();
    assert_eq!(
        reader.call::<handoff::Last>(json!({})).await.ok()["story"],
        "x"
    );
    writer.call::<key::List>(json!({})).await.refused(403);
    let keys = admin.call::<key::List>(json!({})).await;
    assert_eq!(keys.json["count"], 3);
    assert!(!keys.text.contains("am_"), "a key is shown once");
    // The key's tenant is the tenant: another one is not found, wherever it is named.
    reader
        .clone()
        .tenant("other")
        .call::<handoff::Last>(json!({}))
        .await
        .refused(404);
    reader
        .get("/api/v1/handoffs/last?tenant_id=other")
        .await
        .refused(404);
    Client::new(&server.url)
        .with("x-api-key", "am_x")
        .get("/api/v1/handoffs")
        .await
        .refused(401);
    for open in [
        "/health",
        "/health/live",
        "/health/ready",
        "/health/detailed",
        "/",
    ] {
        nobody.get(open).await.ok();
    }
    nobody.get("/metrics").await.refused(401);
    nobody.get("/openapi.json").await.refused(401);
}

#[tokio::test]
async fn a_revoked_or_expired_key_stops_working() {
    let server = Server::with_keys().await;
    let admin = server.key("acme", "admin").await;
    let made = admin
        .call::<key::Create>(json!({"access": "read", "name": "short"}))
        .await
        .ok();
    let holder = Client::new(&server.url).key(made["key"].as_str().unwrap());
    holder.call::<handoff::Stats>(json!({})).await.ok();
    admin
        .call::<key::Revoke>(json!({"id": made["key_id"]}))
        .await
        .ok();
    holder.call::<handoff::Stats>(json!({})).await.refused(401);
    admin
        .call::<key::Revoke>(json!({"id": made["key_id"]}))
        .await
        .refused(404);
    // Revoked by another replica: within a second here too.
    let made = admin
        .call::<key::Create>(json!({"access": "read"}))
        .await
        .ok();
    let holder = Client::new(&server.url).key(made["key"].as_str().unwrap());
    holder.call::<handoff::Stats>(json!({})).await.ok();
    server
        .superuser()
        .await
        .batch("update api_keys set revoked_at = now() where access = 'read'")
        .await
        .unwrap();
    until("the revocation to take effect", 2, async || {
        holder.call::<handoff::Stats>(json!({})).await.status == 401
    })
    .await;
    let soon = (agent_memory::clock::now() + chrono::Duration::milliseconds(1500)).to_rfc3339();
    let made = admin
        .call::<key::Create>(json!({"access": "read", "expires_at": soon}))
        .await
        .ok();
    let holder = Client::new(&server.url).key(made["key"].as_str().unwrap());
    holder.call::<handoff::Stats>(json!({})).await.ok();
    until("the key to expire", 6, async || {
        holder.call::<handoff::Stats>(json!({})).await.status == 401
    })
    .await;
    admin
        .call::<key::Create>(json!({"access": "read", "expires_at": "2020-01-01T00:00:00Z"}))
        .await
        .refused(400);
}

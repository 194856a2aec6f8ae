//! Sealed texts leave as ciphertext and come back where their key is

use crate::seal::{MARKER, handoff};
use crate::support::{Client, Server};
use agent_memory::operation::Method;
use agent_memory::{audit, event, handoff, knowledge, tenant};
use serde_json::{Value as Json, json};

#[tokio::test]
async fn exports_carry_the_ciphertext_and_open_where_the_key_is() {
    let server = Server::start().await;
    let (acme, heir) = (server.tenant("acme").await, server.tenant("heir").await);
    for level in ["high", "secret", "none"] {
        acme.call::<handoff::Create>(handoff(level)).await.ok();
    }
    let said = format!("{MARKER} said");
    acme.call::<event::Record>(json!({"session_id": "s", "channel": "private", "actor": {"type": "human", "id": "Ada"}, "kind": "artifact", "content": {"text": said}, "sensitivity": "high"})).await.ok();
    acme.call::<knowledge::Create>(
        json!({"title": "card", "content": "4111 1111 1111 1111", "source_handoffs": ["sh_1"]}),
    )
    .await
    .ok();
    let export = acme
        .get("/api/v1/export/all?include_events=true&format=ndjson")
        .await;
    assert!(export.text.matches(MARKER).count() == 3, "{}", export.text);
    assert!(!export.text.contains("4111 1111"));
    let head: Json = serde_json::from_str(export.text.lines().next().unwrap()).unwrap();
    assert_eq!(head["sealed_with"]["key_id"].as_str().unwrap().len(), 16);
    let markdown = acme
        .get("/api/v1/export/all?include_events=true&format=markdown")
        .await;
    assert_eq!(markdown.text.matches(MARKER).count(), 3);
    for tenant in [&heir, &acme] {
        let taken = tenant
            .raw(
                "POST",
                "/api/v1/import",
                Some(export.text.clone().into_bytes()),
                "application/x-ndjson",
            )
            .await
            .ok();
        assert_eq!(taken["success"], true);
        let stories: Vec<Json> = tenant.call::<handoff::List>(json!({})).await.ok()["handoffs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|h| h["story"].clone())
            .collect();
        let story = json!(format!("{MARKER} story"));
        assert_eq!(stories, [story.clone(), json!("(secret)"), story]);
        let events = tenant
            .call::<event::List>(json!({"session_id": "s"}))
            .await
            .ok();
        assert_eq!(events["events"][0]["content"]["text"], said);
        let artifact = tenant
            .rest(
                Method::Get,
                "/api/v1/artifacts/{id}",
                json!({"id": events["events"][0]["artifact_id"]}),
            )
            .await;
        assert_eq!(artifact.text, said);
        assert_eq!(
            tenant.call::<knowledge::List>(json!({})).await.ok()["notes"][0]["content"],
            "4111 1111 1111 1111"
        );
    }
    // What is sealed is sealed at its level: written otherwise it does not open.
    let relabelled = export
        .text
        .replace("\"sensitivity\":\"secret\"", "\"sensitivity\":\"none\"");
    assert_ne!(relabelled, export.text);
    let mine = server.tenant("relabelled").await;
    let refused = import(&mine, relabelled).await.refused(400);
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("its sensitivity was changed"),
        "{refused}"
    );
    // Another installation does not have the key, and says so before anything is stored.
    let stranger = Server::start().await;
    let elsewhere = stranger.tenant("acme").await;
    elsewhere
        .call::<handoff::Create>(handoff("high"))
        .await
        .ok();
    let refused = import(&elsewhere, export.text.clone()).await.refused(409);
    assert_eq!(refused["code"], "encryption_key_differs");
    assert_eq!(
        elsewhere.call::<handoff::Stats>(json!({})).await.ok()["total"],
        1
    );
    // Once its tenant is erased nobody opens an export of it any more.
    let erase = json!({"tenant_id": "acme", "erase": true});
    Client::new(&server.url)
        .call::<tenant::Delete>(erase)
        .await
        .ok();
    for name in ["acme", "heir"] {
        let refused = import(&server.tenant(name).await, export.text.clone())
            .await
            .refused(409);
        assert_eq!(refused["code"], "encryption_key_differs");
    }
}

async fn import(client: &Client, export: String) -> crate::support::Reply {
    let body = Some(export.into_bytes());
    client
        .raw("POST", "/api/v1/import", body, "application/x-ndjson")
        .await
}

#[tokio::test]
async fn a_tenants_key_takes_in_no_other_tenants_sealed_texts_and_each_look_is_written_down() {
    let server = Server::with_keys().await;
    let (acme, rival) = (
        server.key("acme", "admin").await,
        server.key("rival", "admin").await,
    );
    let made = acme.call::<handoff::Create>(handoff("secret")).await.ok();
    let export = acme.get("/api/v1/export/all?format=ndjson").await.text;
    import(&rival, export.clone()).await.refused(403);
    assert_eq!(
        rival.call::<handoff::Stats>(json!({})).await.ok()["total"],
        0
    );
    import(&acme, export).await.ok();
    for _ in 0..2 {
        let once = acme.clone().with("idempotency-key", "same");
        once.call::<handoff::Decrypt>(json!({"id": made["handoff_id"]}))
            .await
            .ok();
    }
    let log = acme
        .call::<audit::List>(json!({"operation": "handoff_decrypt"}))
        .await
        .ok();
    assert_eq!(log["count"], 2);
    // The first sealed memory of a tenant comes back to who wrote it as any other.
    let fresh = server.key("fresh", "write").await;
    let note = fresh
        .call::<knowledge::Create>(
            json!({"title": "card", "content": "4111 1111 1111 1111", "source_handoffs": ["sh_1"]}),
        )
        .await
        .ok();
    assert_eq!(note["note"]["content"], "4111 1111 1111 1111");
}

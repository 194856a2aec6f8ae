//! Idempotency-Key

use crate::support::Server;
use agent_memory::{decision, event, handoff, key};
use serde_json::json;

#[tokio::test]
async fn the_same_key_and_body_writes_once_and_answers_the_same() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let once = acme.clone().with("idempotency-key", "k-1");
    let input =
        json!({"session_id": "s", "with_whom": "Ada", "story": "once", "significance": 0.3});
    let first = once.call::<handoff::Create>(input.clone()).await;
    let second = once.call::<handoff::Create>(input.clone()).await;
    assert_eq!((second.status, &second.text), (201, &first.text));
    let other = json!({"session_id": "s", "with_whom": "Ada", "story": "another"});
    assert_eq!(
        once.call::<handoff::Create>(other).await.refused(422)["code"],
        "idempotency_key_reused"
    );
    once.call::<decision::Create>(json!({"decision": "x"}))
        .await
        .refused(422);
    // Another tenant's key of the same name is another key.
    server
        .tenant("other")
        .await
        .with("idempotency-key", "k-1")
        .call::<handoff::Create>(input.clone())
        .await
        .ok();
    assert_eq!(
        acme.call::<handoff::Stats>(json!({})).await.ok()["total"],
        1
    );
    acme.call::<handoff::Delete>(json!({"id": first.json["handoff_id"], "erase": true}))
        .await
        .ok();
    once.call::<handoff::Create>(input.clone())
        .await
        .refused(410);
    acme.clone()
        .with("idempotency-key", "has space")
        .call::<handoff::Create>(input)
        .await
        .refused(400);
}

#[tokio::test]
async fn a_hundred_at_once_write_once() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await.with("idempotency-key", "race");
    let event = json!({"session_id": "s", "channel": "private", "actor": {"type": "human", "id": "A"}, "kind": "message", "content": {"text": "hi"}});
    let mut calls = Vec::new();
    for _ in 0..50 {
        let (acme, event) = (acme.clone(), event.clone());
        calls.push(tokio::spawn(async move {
            acme.call::<event::Record>(event).await.ok()
        }));
    }
    let mut replies = Vec::new();
    for call in calls {
        replies.push(call.await.unwrap());
    }
    assert!(
        replies.iter().all(|reply| *reply == replies[0]),
        "{replies:?}"
    );
    let acme = server
        .tenant("acme")
        .await
        .with("idempotency-key", "race-2");
    let mut calls = Vec::new();
    for _ in 0..50 {
        let acme = acme.clone();
        calls.push(tokio::spawn(async move {
            acme.call::<decision::Create>(json!({"decision": "once"}))
                .await
                .ok()
        }));
    }
    for call in calls {
        call.await.unwrap();
    }
    let acme = server.tenant("acme").await;
    assert_eq!(
        acme.call::<event::List>(json!({"session_id": "s"}))
            .await
            .ok()["count"],
        1
    );
    assert_eq!(
        acme.call::<decision::List>(json!({})).await.ok()["count"],
        1
    );
}

#[tokio::test]
async fn a_failed_write_leaves_its_key_free_and_a_key_is_shown_once() {
    let server = Server::with_keys().await;
    let acme = server
        .key("acme", "write")
        .await
        .with("idempotency-key", "k");
    acme.call::<decision::Create>(json!({"decision": "x", "supersedes": "dec_none"}))
        .await
        .refused(404);
    acme.call::<decision::Create>(json!({"decision": "x"}))
        .await
        .ok();
    let admin = server
        .key("acme", "admin")
        .await
        .with("idempotency-key", "k2");
    let made = admin
        .call::<key::Create>(json!({"access": "read"}))
        .await
        .ok();
    assert!(made["key"].as_str().unwrap().starts_with("am_"));
    let again = admin
        .call::<key::Create>(json!({"access": "read"}))
        .await
        .ok();
    assert_eq!(
        (&again["key_id"], again["key"].is_null()),
        (&made["key_id"], true)
    );
}

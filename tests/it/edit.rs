//! Edits: what recall, wake-ups, contexts and exports make of them.

use crate::support::{Client, Server};
use agent_memory::recall::Recall;
use agent_memory::{chunk, context, decision, edit, event, handoff, knowledge, wake};
use serde_json::{Value, json};

/// Everything that a client can see at once: what is found, woken up with, built and exported.
pub async fn everything(acme: &Client, query: &str) -> [String; 4] {
    let found = acme
        .call::<Recall>(json!({"query": query, "limit": 50}))
        .await
        .ok();
    let wake = acme
        .call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": 20000}))
        .await
        .ok();
    let input = json!({"session_id": "s", "agent_id": "a", "channel": "private", "intent": query});
    let built = acme.call::<context::Build>(input).await.ok();
    let export = acme
        .get("/api/v1/export/all?include_events=true&format=ndjson")
        .await
        .text;
    [
        found["results"].to_string(),
        wake["context"].to_string(),
        built["sections"].to_string(),
        export,
    ]
}

pub async fn decide(acme: &Client, kind: &str, id: &Value, op: &str, patch: Value) -> Value {
    let mut input = json!({"target_type": kind, "target_id": id, "op": op, "reason": "because", "proposed_by": "Bob"});
    if !patch.is_null() {
        input["patch"] = patch;
    }
    let proposed = acme.call::<edit::Propose>(input).await.ok();
    assert_eq!(proposed["status"], "pending");
    let approved = acme
        .call::<edit::Approve>(json!({"id": proposed["edit_id"]}))
        .await
        .ok();
    assert_eq!(approved["status"], "approved");
    approved["edit_id"].clone()
}

pub struct Kept {
    pub handoff: Value,
    pub note: Value,
    pub decision: Value,
    pub chunk: Value,
}

/// One of each kind, each with the word and a word of its own.
pub async fn keep(acme: &Client) -> Kept {
    let handoff = acme.call::<handoff::Create>(json!({"session_id": "s", "with_whom": "Ada", "story": "The walrus handoff.", "remember": "walrus remembered", "significance": 0.9})).await.ok();
    let note = acme.call::<knowledge::Create>(json!({"title": "walrus", "content": "The walrus note.", "source_handoffs": ["sh_1"], "pinned": true})).await.ok();
    let decision = acme
        .call::<decision::Create>(json!({"decision": "The walrus decision.", "pinned": true}))
        .await
        .ok();
    let event = json!({"session_id": "s", "channel": "private", "actor": {"type": "human", "id": "Ada"}, "kind": "message", "content": {"text": "The walrus event."}});
    let event = acme.call::<event::Record>(event).await.ok();
    Kept {
        handoff: handoff["handoff_id"].clone(),
        note: note["note_id"].clone(),
        decision: decision["decision_id"].clone(),
        chunk: event["chunk_ids"][0].clone(),
    }
}

#[tokio::test]
async fn what_is_withheld_is_nowhere_and_comes_back_when_the_edit_is_rejected() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    for op in ["retract", "quarantine", "block"] {
        let kept = keep(&acme).await;
        for (kind, id, said) in [
            ("handoff", &kept.handoff, "walrus handoff"),
            ("knowledge", &kept.note, "walrus note"),
            ("decision", &kept.decision, "walrus decision"),
            ("chunk", &kept.chunk, "walrus event"),
        ] {
            let edit = decide(&acme, kind, id, op, Value::Null).await;
            for place in everything(&acme, "walrus").await {
                // Of a chunk the edit itself, and what other rounds left, may say so.
                let left = place.matches(said).count();
                assert_eq!(left, 0, "{op} {kind}: {place}");
            }
            acme.call::<edit::Reject>(json!({"id": edit})).await.ok();
            let [found, _, built, export] = everything(&acme, "walrus").await;
            assert!(
                [found, built, export]
                    .iter()
                    .all(|place| place.contains(said)),
                "{op} {kind} taken back"
            );
            acme.call::<edit::Reject>(json!({"id": edit}))
                .await
                .refused(409);
        }
        for (kind, id) in [
            ("handoff", &kept.handoff),
            ("knowledge", &kept.note),
            ("decision", &kept.decision),
            ("chunk", &kept.chunk),
        ] {
            decide(&acme, kind, id, "block", Value::Null).await;
        }
    }
}

#[tokio::test]
async fn an_amendment_says_something_else_everywhere_and_history_keeps_what_was_believed() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let kept = keep(&acme).await;
    let before = acme
        .call::<chunk::Get>(json!({"id": kept.chunk}))
        .await
        .ok();
    let then = chrono::Utc::now();
    for (kind, id, patch, old) in [
        (
            "handoff",
            &kept.handoff,
            json!({"story": "The ocelot handoff."}),
            "walrus handoff",
        ),
        (
            "knowledge",
            &kept.note,
            json!({"content": "The ocelot note."}),
            "walrus note",
        ),
        (
            "decision",
            &kept.decision,
            json!({"decision": "The ocelot decision."}),
            "walrus decision",
        ),
        (
            "chunk",
            &kept.chunk,
            json!({"text": "The ocelot event, which is rather longer now."}),
            "walrus event",
        ),
    ] {
        decide(&acme, kind, id, "amend", patch).await;
        let new = old.replace("walrus", "ocelot");
        for place in everything(&acme, "ocelot").await {
            assert!(!place.contains(old), "{kind}: {place}");
        }
        let [found, ..] = everything(&acme, "ocelot").await;
        assert!(found.contains(&new), "{kind}: {found}");
        let history = acme
            .call::<Recall>(json!({"query": "walrus", "as_of": then, "limit": 50}))
            .await
            .ok();
        assert!(
            history["results"].to_string().contains(old),
            "{kind}: {history}"
        );
        assert!(
            !history["results"].to_string().contains(&new),
            "{kind}: {history}"
        );
    }
    let after = acme
        .call::<chunk::Get>(json!({"id": kept.chunk}))
        .await
        .ok();
    assert!(
        after["token_count"].as_i64() > before["token_count"].as_i64(),
        "counted again: {after}"
    );
    acme.call::<edit::Propose>(json!({"target_type": "knowledge", "target_id": kept.note, "op": "amend", "reason": "x", "proposed_by": "x", "patch": {"story": "x"}}))
        .await
        .refused(400);
    acme.call::<edit::Propose>(json!({"target_type": "knowledge", "target_id": kept.note, "op": "block", "reason": "x", "proposed_by": "x", "patch": {"title": "x"}}))
        .await
        .refused(400);
}

#[tokio::test]
async fn what_is_attenuated_counts_for_less() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let mut ids = Vec::new();
    for n in 0..2 {
        let note = json!({"title": format!("Otter {n}"), "content": "Otters hold hands.", "source_handoffs": ["sh_1"], "confidence": 0.8});
        ids.push(acme.call::<knowledge::Create>(note).await.ok()["note_id"].clone());
    }
    let first = async || {
        acme.call::<Recall>(json!({"query": "otters hold hands"}))
            .await
            .ok()["results"][0]["id"]
            .clone()
    };
    let winner = first().await;
    decide(
        &acme,
        "knowledge",
        &winner,
        "attenuate",
        json!({"weight": 0.25}),
    )
    .await;
    assert_ne!(first().await, winner);
    let note = acme
        .call::<knowledge::Get>(json!({"id": winner}))
        .await
        .ok();
    assert!(
        (note["confidence"].as_f64().unwrap() - 0.2).abs() < 1e-9,
        "{note}"
    );
}

#[tokio::test]
async fn edits_of_one_memory_are_taken_back_last_first_and_the_strongest_holds() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let kept = keep(&acme).await;
    let blocked = decide(&acme, "knowledge", &kept.note, "block", Value::Null).await;
    let quarantined = decide(&acme, "knowledge", &kept.note, "quarantine", Value::Null).await;
    let input = json!({"session_id": "s", "agent_id": "a", "channel": "private", "intent": "walrus note", "include_quarantined": true});
    let bundle = acme.call::<context::Build>(input).await.ok();
    assert!(
        !bundle["sections"].to_string().contains("walrus note"),
        "{bundle:#}"
    );
    let refused = acme
        .call::<edit::Reject>(json!({"id": blocked}))
        .await
        .refused(409);
    assert_eq!(refused["code"], "changed_since");
    acme.call::<edit::Reject>(json!({"id": quarantined}))
        .await
        .ok();
    acme.call::<knowledge::Get>(json!({"id": kept.note}))
        .await
        .refused(404);
    acme.call::<edit::Reject>(json!({"id": blocked})).await.ok();
    acme.call::<knowledge::Get>(json!({"id": kept.note}))
        .await
        .ok();
    // What was written by hand since is not lost.
    let amended = decide(
        &acme,
        "knowledge",
        &kept.note,
        "amend",
        json!({"content": "An otter."}),
    )
    .await;
    acme.call::<knowledge::Update>(json!({"id": kept.note, "content": "A beaver."}))
        .await
        .ok();
    acme.call::<edit::Reject>(json!({"id": amended}))
        .await
        .refused(409);
    let note = acme
        .call::<knowledge::Get>(json!({"id": kept.note}))
        .await
        .ok();
    assert_eq!(note["content"], "A beaver.");
}

#[tokio::test]
async fn an_event_is_word_for_word_what_it_was_once_its_edits_are_taken_back() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let body = r#"{"session_id":"s","channel":"private","actor":{"type":"tool","id":"t"},"kind":"artifact","content":{"tool":"grep","args":["-n", 1.10, 12345678901234567890]}}"#;
    let event = acme.post("/api/v1/events", body).await.ok();
    let content = async || {
        acme.get(&format!(
            "/api/v1/events/{}",
            event["event_id"].as_str().unwrap()
        ))
        .await
        .text
    };
    let artifact = async || {
        acme.get(&format!(
            "/api/v1/artifacts/{}",
            event["artifact_id"].as_str().unwrap()
        ))
        .await
    };
    let before = content().await;
    let edit = decide(
        &acme,
        "chunk",
        &event["chunk_ids"][0],
        "retract",
        Value::Null,
    )
    .await;
    assert!(!content().await.contains("grep"));
    acme.call::<chunk::Get>(json!({"id": event["chunk_ids"][0]}))
        .await
        .refused(404);
    assert_eq!(artifact().await.status, 404);
    acme.call::<edit::Reject>(json!({"id": edit})).await.ok();
    assert_eq!(content().await, before);
    assert_eq!(artifact().await.status, 200);
}

#[tokio::test]
async fn a_secret_in_an_edit_is_sealed_with_it() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let kept = keep(&acme).await;
    let patch = json!({"content": "password: \"hunter2Xq9z!\""});
    let edit = decide(&acme, "knowledge", &kept.note, "amend", patch).await;
    let shown = acme.call::<edit::Get>(json!({"id": edit})).await;
    assert!(!shown.text.contains("hunter2"), "{}", shown.text);
    let stored =
        "select count(*) from edits where patch like '%hunter2%' or before like '%hunter2%'";
    let sql: &'static agent_memory::db::Sql = Box::leak(Box::new(agent_memory::db::Sql {
        name: "test/edits",
        text: stored,
    }));
    let rows = server.superuser().await.query(sql, &[]).await.unwrap();
    assert_eq!(rows[0].get::<_, i64>(0), 0);
}

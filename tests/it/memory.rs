//! knowledge_*, decision_*, event_*, chunk_get, artifact_get, session_*, identity_thread, compression_stats, metrics

use crate::support::{Server, http};
use agent_memory::operation::Method;
use agent_memory::{chunk, compression, decision, event, handoff, identity, knowledge, session};
use serde_json::{Value, json};

#[tokio::test]
async fn knowledge_is_created_listed_changed_and_deleted() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let made = acme
        .call::<knowledge::Create>(json!({"title": "T", "content": "C", "source_handoffs": ["sh_1"], "tags": ["x"], "confidence": 1}))
        .await
        .ok();
    let id = made["note_id"].clone();
    assert_eq!(made["note"]["confidence"], 1.0);
    let plain = acme
        .rest(
            Method::Post,
            "/api/v1/knowledge/notes",
            json!({"text": "First line\nsecond", "with_whom": "Ada"}),
        )
        .await
        .ok();
    assert_eq!(
        (&plain["note"]["title"], &plain["note"]["content"]),
        (&json!("First line"), &json!("First line\nsecond"))
    );
    for path in ["/api/v1/knowledge", "/api/v1/knowledge/notes"] {
        let list = acme.get(path).await.ok();
        assert_eq!(
            (
                list["total"].as_i64(),
                list["notes"].as_array().unwrap().len()
            ),
            (Some(2), 2)
        );
        assert_eq!(list["notes"][1]["note_id"], id);
    }
    let changed = acme
        .call::<knowledge::Update>(json!({"id": id, "content": "D", "pinned": true}))
        .await
        .ok();
    assert_eq!(
        (&changed["title"], &changed["content"], &changed["pinned"]),
        (&json!("T"), &json!("D"), &json!(true))
    );
    let next = acme
        .call::<knowledge::Create>(
            json!({"title": "T2", "content": "E", "source_handoffs": ["sh_1"], "supersedes": id}),
        )
        .await
        .ok();
    assert_eq!(next["note"]["supersedes"], id);
    let problem = acme
        .call::<knowledge::Create>(json!({"title": "T", "content": "C", "source_handoffs": ["sh_1"], "supersedes": "kn_nothing"}))
        .await
        .refused(404);
    assert_eq!(problem["field"], "supersedes");
    acme.call::<knowledge::Create>(json!({"title": "T", "content": "C", "source_handoffs": []}))
        .await
        .refused(400);
    acme.call::<knowledge::Delete>(json!({"id": id})).await.ok();
    acme.call::<knowledge::Get>(json!({"id": id}))
        .await
        .refused(404);
    acme.call::<agent_memory::trash::Restore>(json!({"id": id}))
        .await
        .ok();
    acme.call::<knowledge::Get>(json!({"id": id})).await.ok();
    acme.call::<knowledge::Delete>(json!({"id": id, "erase": true}))
        .await
        .ok();
    assert_eq!(
        acme.call::<knowledge::Get>(json!({"id": next["note_id"]}))
            .await
            .ok()["supersedes"],
        Value::Null
    );
}

#[tokio::test]
async fn decision_supersede_takes_the_old_one_out_of_force_once() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let first = acme
        .call::<decision::Create>(json!({"decision": "Use SQLite", "rationale": ["small"], "alternatives": ["files"], "scope": "global"}))
        .await
        .ok();
    assert_eq!(
        (&first["status"], &first["rationale"][0]),
        (&json!("active"), &json!("small"))
    );
    let id = first["decision_id"].clone();
    let second = acme
        .call::<decision::Supersede>(json!({"id": id, "decision": "Use PostgreSQL"}))
        .await
        .ok();
    assert_eq!(second["supersedes"], id);
    acme.call::<decision::Supersede>(json!({"id": id, "decision": "Use files"}))
        .await
        .refused(409);
    let third = acme
        .call::<decision::Create>(
            json!({"decision": "Use PostgreSQL 15", "supersedes": second["decision_id"]}),
        )
        .await
        .ok();
    let active = acme
        .call::<decision::List>(json!({"status": "active"}))
        .await
        .ok();
    assert_eq!(
        (&active["count"], &active["decisions"][0]["decision_id"]),
        (&json!(1), &third["decision_id"])
    );
    assert_eq!(
        acme.call::<decision::List>(json!({"status": "superseded"}))
            .await
            .ok()["count"],
        2
    );
    acme.call::<decision::Create>(json!({"decision": "x", "supersedes": "dec_none"}))
        .await
        .refused(404);
    acme.call::<decision::Supersede>(json!({"id": "dec_none", "decision": "x"}))
        .await
        .refused(404);
    let wake = acme.get("/api/v1/wake-up?with_whom=Ada").await.ok();
    assert_eq!(
        wake["recent_decisions"],
        json!([{"decision_id": third["decision_id"], "decision": "Use PostgreSQL 15"}])
    );
}

fn message(text: &str) -> Value {
    json!({"session_id": "s", "channel": "private", "actor": {"type": "human", "id": "Ada"}, "kind": "message", "content": {"text": text}})
}

#[tokio::test]
async fn event_content_is_kept_word_for_word() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let content = r#"{"z":1.10,"a":[1e3,-0.0,123456789012345678901234567890],"text":"long  spaces\tand \"quotes\" 기억"}"#;
    let body = format!(
        r#"{{"session_id":"s","channel":"team","actor":{{"type":"tool","id":"grep"}},"kind":"tool_result","content":{content},"at":"2026-01-02T03:04:05+01:00","tags":["t"],"refs":["r"],"project_id":"p"}}"#
    );
    let made = acme.post("/api/v1/events", body).await;
    assert_eq!(made.status, 201);
    let id = made.json["event_id"].as_str().unwrap();
    let got = acme.call::<event::Get>(json!({"id": id})).await;
    assert!(got.text.contains(content), "{}", got.text);
    assert_eq!(
        (&got.json["at"], &got.json["actor"]["id"]),
        (&json!("2026-01-02T02:04:05Z"), &json!("grep"))
    );
    let chunk = acme
        .call::<chunk::Get>(json!({"id": made.json["chunk_ids"][0]}))
        .await
        .ok();
    assert_eq!(
        (&chunk["event_id"], &chunk["text"]),
        (&json!(id), &json!("long  spaces\tand \"quotes\" 기억"))
    );
}

#[tokio::test]
async fn event_batch_is_all_or_nothing_and_in_order() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let events: Vec<Value> = (0..1000).map(|n| message(&format!("turn {n}"))).collect();
    let made = acme.call::<event::Batch>(json!({"events": events})).await;
    assert_eq!(made.status, 201);
    let ids: Vec<&str> = made.json["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["event_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 1000);
    assert_eq!(
        acme.call::<event::Get>(json!({"id": ids[617]})).await.ok()["content"]["text"],
        "turn 617"
    );
    let newest = acme
        .call::<event::List>(json!({"session_id": "s", "limit": 2}))
        .await
        .ok();
    assert_eq!(newest["events"][0]["content"]["text"], "turn 999");
    let page = acme
        .call::<event::List>(
            json!({"session_id": "s", "limit": 2, "cursor": newest["next_cursor"]}),
        )
        .await
        .ok();
    assert_eq!(page["events"][0]["content"]["text"], "turn 997");
    let mut bad = vec![message("good"), message("also good")];
    bad[1]["kind"] = json!("rumour");
    let problem = acme
        .call::<event::Batch>(json!({"events": bad}))
        .await
        .refused(400);
    assert_eq!(problem["field"], "events[1].kind");
    let array = json!({"events": [["s", "private", {"type": "human", "id": "A"}, "message", {}]]});
    acme.call::<event::Batch>(array).await.refused(400);
    acme.call::<event::Batch>(json!({"events": []}))
        .await
        .refused(400);
    let too_many: Vec<Value> = (0..1001).map(|_| message("x")).collect();
    acme.call::<event::Batch>(json!({"events": too_many}))
        .await
        .refused(400);
    let all = acme
        .call::<event::List>(json!({"session_id": "s", "limit": 1000}))
        .await
        .ok();
    assert_eq!(
        (&all["count"], &all["next_cursor"]),
        (&json!(1000), &Value::Null)
    );
}

#[tokio::test]
async fn artifact_get_gives_the_bytes_back() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let mut input = message("ignored");
    input["kind"] = json!("artifact");
    input["content"] = json!({"name": "a b.bin", "data": "AAEC/w=="});
    let made = acme.call::<event::Record>(input).await.ok();
    let path = format!(
        "/api/v1/artifacts/{}",
        made["artifact_id"].as_str().unwrap()
    );
    let response = http()
        .get(format!("{}{path}", acme.url))
        .header("x-tenant-id", "acme")
        .send()
        .await
        .unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "application/octet-stream"
    );
    assert_eq!(
        response.headers()["content-disposition"],
        "attachment; filename=\"a_b.bin\""
    );
    assert_eq!(&response.bytes().await.unwrap()[..], [0, 1, 2, 255]);
    acme.get("/api/v1/artifacts/art_none").await.refused(404);
}

#[tokio::test]
async fn session_identity_and_sizes_tell_what_is_there() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    assert_eq!(
        acme.call::<session::Startup>(json!({"with_whom": "Ada"}))
            .await
            .ok()["first_session"],
        true
    );
    for n in 0..30 {
        let input = json!({"session_id": format!("s{n}"), "with_whom": "Ada", "learned": format!("lesson {n}. {}", "more ".repeat(60)),
                           "becoming": format!("stage {n}")});
        acme.call::<handoff::Create>(input).await.ok();
    }
    let startup = acme
        .call::<session::Startup>(json!({"with_whom": "Ada"}))
        .await
        .ok();
    assert_eq!(
        (
            &startup["total_handoffs"],
            &startup["last_handoff"]["session_id"]
        ),
        (&json!(30), &json!("s29"))
    );
    assert_eq!(
        startup["identity_thread"]["becoming"]
            .as_array()
            .unwrap()
            .len(),
        10
    );
    let thread = acme
        .call::<identity::Thread>(json!({"limit": 20}))
        .await
        .ok();
    assert_eq!(
        (
            &thread["total_statements"],
            &thread["identity_thread"][0]["becoming"]
        ),
        (&json!(30), &json!("stage 29"))
    );
    let rest = acme
        .call::<identity::Thread>(json!({"limit": 20, "cursor": thread["next_cursor"]}))
        .await
        .ok();
    assert_eq!(rest["identity_thread"].as_array().unwrap().len(), 10);
    let stats = acme.call::<compression::Stats>(json!({})).await.ok();
    assert_eq!(stats["total_handoffs"], 30);
    assert!(
        stats["compression_ratio"].as_f64().unwrap() > 3.0
            && stats["savings_percent"].as_f64().unwrap() > 60.0,
        "{stats}"
    );
    let started = acme
        .call::<session::Start>(json!({"session_id": "new", "with_whom": "Ada"}))
        .await
        .ok();
    assert_eq!(
        (&started["status"], &started["context"]["first_session"]),
        (&json!("session_started"), &json!(false))
    );
    let metrics = acme.get("/metrics?tenant_id=acme").await.ok();
    assert_eq!(
        (
            &metrics["handoffs"]["total"],
            &metrics["handoffs"]["full_count"]
        ),
        (&json!(30), &json!(30))
    );
}

//! Tenants' memories of every kind and shape, made through the front door: the same for the same number.

use super::Client;
use super::years::mixed;
use agent_memory::{capsule, decision, edit, event, feedback, handoff, knowledge, rule, task};
use serde_json::{Value, json};

/// Words that programs like to stumble over.
const WORDS: [&str; 16] = [
    "기억",
    "naïve",
    "e\u{301}",
    "🦭🏳️‍🌈",
    "\u{202e}txet",
    "\\.",
    "\\N",
    "a\tb",
    "line\nline",
    "\"quoted\"",
    "'single'",
    "{}",
    "%s",
    "COPY t FROM stdin;",
    "\u{feff}bom",
    "\\! true",
];

/// Fills a tenant as its number asks for; some stay empty.
pub async fn fill(client: &Client, seed: u64) {
    let random = |salt: u64, below: u64| mixed(seed.wrapping_mul(1000) + salt) % below;
    let text = |salt: u64| -> String {
        let words = (0..1 + random(salt, 12)).map(|n| WORDS[random(salt * 31 + n, 16) as usize]);
        words.collect::<Vec<_>>().join(" ")
    };
    if seed.is_multiple_of(10) {
        return;
    }
    // Labels take no control characters.
    let label = |salt: u64| text(salt).replace(['\t', '\n', '\u{202e}', '\u{feff}'], " ");
    let levels = ["none", "low", "medium", "high", "secret"];
    let mut handoffs = Vec::new();
    for n in 0..1 + random(1, 4) {
        let body = json!({
            "session_id": format!("s{n}"), "with_whom": label(n + 10), "story": text(n + 20), "becoming": text(n + 30), "remember": text(n + 40),
            "significance": random(n + 50, 1000) as f64 / 999.0, "tags": [label(n + 60)], "sensitivity": levels[random(n + 70, 5) as usize],
        });
        let made = client.call::<handoff::Create>(body).await.ok();
        handoffs.push(made["handoff_id"].as_str().unwrap().to_owned());
    }
    let note = json!({"title": text(80), "content": text(81).repeat(1 + random(82, 30) as usize), "source_handoffs": [handoffs[0]], "confidence": 0.1 + 0.2});
    let note = client.call::<knowledge::Create>(note).await.ok();
    let first = client
        .call::<decision::Create>(json!({"decision": text(90), "rationale": [text(91), text(92)]}))
        .await
        .ok();
    if random(93, 2) == 0 {
        client
            .call::<decision::Supersede>(json!({"id": first["decision_id"], "decision": text(94)}))
            .await
            .ok();
    }
    let mut deep = json!(text(100));
    for n in 0..random(101, 40) {
        deep = json!({ text(n + 110): deep, "n": 1e300, "list": vec![json!(n); random(n + 111, 20) as usize] });
    }
    let kind = ["message", "artifact", "tool_result"][random(120, 3) as usize];
    let event = json!({
        "session_id": "s", "channel": "private", "actor": {"type": "human", "id": "Ada"}, "kind": kind,
        "content": {"text": text(121), "deep": deep}, "sensitivity": levels[random(122, 5) as usize],
    });
    let event = client.call::<event::Record>(event).await.ok();
    client
        .call::<rule::Create>(json!({"content": text(130), "priority": random(131, 9)}))
        .await
        .ok();
    client
        .call::<capsule::Create>(json!({"author_agent_id": "a", "subject_type": "x", "subject_id": "y", "scope": "z", "audience_agent_ids": ["b"],
            "items": {"chunks": event["chunk_ids"]}, "risks": [text(140)]}))
        .await
        .ok();
    let before = client
        .call::<task::Create>(json!({"title": text(160), "description": text(161)}))
        .await
        .ok();
    client
        .call::<task::Create>(json!({"title": text(162), "depends_on": [before["task_id"]]}))
        .await
        .ok();
    let claim = json!({"id": before["task_id"], "agent_id": "a"});
    client.call::<task::Claim>(claim).await.ok();
    let done = json!({"id": before["task_id"], "agent_id": "a", "findings": [{"content": text(163)}, {"content": text(164), "confidence": 0.1 + 0.2}]});
    client.call::<task::Complete>(done).await.ok();
    client
        .call::<feedback::Create>(
            json!({"category": "c", "type": "t", "description": text(165), "severity": "high"}),
        )
        .await
        .ok();
    // Something in the trash, and something edited.
    if handoffs.len() > 2 {
        client
            .call::<handoff::Delete>(json!({"id": handoffs[1]}))
            .await
            .ok();
    }
    let proposed = json!({"target_type": "knowledge", "target_id": note["note_id"], "op": "amend", "reason": "r", "proposed_by": "Ada", "patch": {"content": text(150)}});
    let proposed = client.call::<edit::Propose>(proposed).await.ok();
    client
        .call::<edit::Approve>(json!({"id": proposed["edit_id"]}))
        .await
        .ok();
}

/// The body of a tenant's export: what has to be equal.
pub async fn body(client: &Client) -> String {
    let export = client
        .get("/api/v1/export/all?include_events=true&format=ndjson")
        .await;
    assert_eq!(export.status, 200, "{}", export.text);
    let (header, body) = export.text.split_once('\n').unwrap();
    assert!(serde_json::from_str::<Value>(header).unwrap()["format"].is_string());
    body.to_owned()
}

/// An export's body without the bytes of sealed texts, which are other ones under another tenant's key.
pub fn shape(body: &str) -> String {
    let sealed = regex::Regex::new("\"(sealed|data)\":\"A[^\"]*\"").unwrap();
    sealed
        .replace_all(body, |found: &regex::Captures<'_>| {
            format!("{} bytes", found[0].len())
        })
        .into_owned()
}

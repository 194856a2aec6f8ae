//! A tenant that has something of every kind, with a marker in every text of it.

use super::{Client, Server};
use agent_memory::{
    capsule, decision, edit, event, feedback, handoff, id, key, knowledge, rule, task, tenant,
};
use serde_json::json;

/// A tenant with something to keep, and what of it others might guess.
pub struct Victim {
    pub name: String,
    /// What stands in all its texts.
    pub marker: String,
    /// Its ids and names, none of which is a secret by itself.
    pub known: Vec<String>,
}

/// Letters nobody can guess.
pub fn random(length: usize) -> String {
    let alphabet = b"abcdefghijklmnopqrstuvwxyz";
    (0..length)
        .map(|_| alphabet[usize::from(id::random::<1>()[0]) % 26] as char)
        .collect()
}

/// Lets a tenant live: something of every kind, the marker in every text of it.
pub async fn live(server: &Server, admin: &Client, name: &str, isolation: &str) -> Victim {
    admin
        .call::<tenant::Create>(json!({"tenant_id": name, "isolation": isolation}))
        .await
        .ok();
    let (client, marker) = (
        server.key(name, "admin").await,
        format!("marker{}", random(24)),
    );
    let (session, whom) = (random(12), random(12));
    let text = |what: &str| format!("{marker} {what} {marker}");
    let mut known = vec![name.to_owned(), session.clone(), whom.clone()];
    for level in ["none", "high", "secret"] {
        let made = client.call::<handoff::Create>(json!({"session_id": session, "with_whom": whom, "experienced": text("a"), "noticed": text("b"),
            "learned": text("c"), "story": text("d"), "becoming": text("e"), "remember": text("f"), "tags": [text("tag")], "project_path": text("path"), "sensitivity": level})).await.ok();
        known.push(made["handoff_id"].as_str().unwrap().to_owned());
    }
    let trashed = client
        .call::<handoff::Create>(
            json!({"session_id": session, "with_whom": whom, "story": text("trash")}),
        )
        .await
        .ok();
    client
        .call::<handoff::Delete>(json!({"id": trashed["handoff_id"]}))
        .await
        .ok();
    known.push(trashed["handoff_id"].as_str().unwrap().to_owned());
    let note = client.call::<knowledge::Create>(json!({"title": text("t"), "content": text("c"), "source_handoffs": ["sh_1"], "tags": [text("x")]})).await.ok();
    let decided = client
        .call::<decision::Create>(
            json!({"decision": text("d"), "rationale": [text("r")], "refs": [text("ref")]}),
        )
        .await
        .ok();
    let recorded = client.call::<event::Record>(json!({"session_id": session, "channel": "private", "actor": {"type": "human", "id": text("actor")}, "kind": "artifact", "content": {"text": text("e"), "name": text("file")}})).await.ok();
    let chunk = recorded["chunk_ids"][0].clone();
    let rule = client
        .call::<rule::Create>(json!({"content": text("rule")}))
        .await
        .ok();
    let capsule = client.call::<capsule::Create>(json!({"author_agent_id": text("author"), "subject_type": "x", "subject_id": text("subject"), "scope": "x",
        "audience_agent_ids": [whom], "items": {"chunks": [chunk]}, "risks": [text("risk")]})).await.ok();
    let edit = client.call::<edit::Propose>(json!({"target_type": "chunk", "target_id": chunk, "op": "amend", "reason": text("why"), "patch": {"text": text("new")}, "proposed_by": text("who")})).await.ok();
    let task = json!({"title": text("task"), "description": text("how"), "created_by": text("boss"), "project_path": text("project")});
    let task = client.call::<task::Create>(task).await.ok();
    let claim = json!({"id": task["task_id"], "agent_id": text("worker")});
    client.call::<task::Claim>(claim).await.ok();
    let done = json!({"id": task["task_id"], "agent_id": text("worker"), "findings": [{"content": text("found")}]});
    let done = client.call::<task::Complete>(done).await.ok();
    let open = json!({"title": text("open"), "depends_on": [task["task_id"]]});
    client.call::<task::Create>(open).await.ok();
    let feedback = json!({"category": text("c"), "type": text("t"), "description": text("wish"), "severity": "critical"});
    let feedback = client.call::<feedback::Create>(feedback).await.ok();
    let links = client.get("/api/v1/edges").await.ok();
    let made = client
        .call::<key::Create>(json!({"access": "read", "name": text("key")}))
        .await
        .ok();
    let log = client.get("/api/v1/audit?limit=1").await.ok();
    let list = client.get("/api/v1/handoffs?limit=1").await.ok();
    for found in [
        &note["note_id"],
        &decided["decision_id"],
        &recorded["event_id"],
        &recorded["chunk_ids"][0],
        &recorded["artifact_id"],
        &rule["rule_id"],
        &capsule["capsule_id"],
        &edit["edit_id"],
        &task["task_id"],
        &done["finding_ids"][0],
        &feedback["feedback_id"],
        &links["edges"][0]["edge_id"],
        &made["key_id"],
        &log["entries"][0]["audit_id"],
        &list["next_cursor"],
    ] {
        known.push(found.as_str().unwrap().to_owned());
    }
    Victim {
        name: name.to_owned(),
        marker,
        known,
    }
}

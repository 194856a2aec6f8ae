//! export_thread, export_all, import

use crate::support::{Client, Server, worlds};
use agent_memory::recall::Recall;
use agent_memory::{capsule, decision, feedback, handoff, knowledge, rule, task};
use serde_json::{Value, json};

async fn fill(acme: &Client) {
    for n in 0..300 {
        let input = json!({"session_id": format!("s{n}"), "with_whom": "Ada", "story": format!("story {n} \"q\" 기억"), "tags": ["a,b"], "significance": 0.1 + 0.2});
        acme.call::<handoff::Create>(input).await.ok();
    }
    let note = acme
        .call::<knowledge::Create>(
            json!({"title": "T", "content": "Kestrels nest here.", "source_handoffs": ["sh_1"]}),
        )
        .await
        .ok();
    acme.call::<knowledge::Create>(json!({"title": "T", "content": "Kestrels moved away.", "source_handoffs": ["sh_1"], "supersedes": note["note_id"]}))
        .await
        .ok();
    acme.call::<rule::Create>(json!({"content": "Look up.", "priority": 3}))
        .await
        .ok();
    let first = acme
        .call::<decision::Create>(json!({"decision": "A"}))
        .await
        .ok();
    acme.call::<decision::Supersede>(json!({"id": first["decision_id"], "decision": "B"}))
        .await
        .ok();
    let body = r#"{"session_id":"s","channel":"private","actor":{"type":"human","id":"Ada"},"kind":"artifact","content":{"text":"word for word","n":1.10}}"#;
    let event = acme.post("/api/v1/events", body).await.ok();
    acme.call::<capsule::Create>(json!({"author_agent_id": "a", "subject_type": "x", "subject_id": "y", "scope": "z", "audience_agent_ids": ["b"],
        "items": {"chunks": event["chunk_ids"]}, "risks": ["none"]}))
        .await
        .ok();
    let before = json!({"title": "Climb up.", "priority": 2, "created_by": "Ada"});
    let before = acme.call::<task::Create>(before).await.ok();
    let after = json!({"title": "Look around.", "description": "For nests.", "depends_on": [before["task_id"]]});
    acme.call::<task::Create>(after).await.ok();
    let claim = json!({"id": before["task_id"], "agent_id": "climber"});
    acme.call::<task::Claim>(claim).await.ok();
    let done = json!({"id": before["task_id"], "agent_id": "climber", "findings": [{"content": "The ladder is short."}]});
    acme.call::<task::Complete>(done).await.ok();
    acme.call::<feedback::Create>(
        json!({"category": "ladder", "type": "wish", "description": "A longer one."}),
    )
    .await
    .ok();
}

/// The body without its header: what has to be equal.
fn body(export: &str) -> Vec<&str> {
    export
        .lines()
        .filter(|line| line.contains("\"kind\":") && !line.contains("\"kind\":\"end\""))
        .collect()
}

#[tokio::test]
async fn what_export_writes_import_takes_and_nothing_is_lost() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    fill(&acme).await;
    let ndjson = acme.get("/api/v1/export/all?format=ndjson").await;
    assert_eq!(ndjson.header("content-type"), "application/x-ndjson");
    let document = acme.get("/api/v1/export/all").await;
    assert_eq!(
        (
            &document.json["handoffs"]["total"],
            document.json["handoffs"]["items"].as_array().unwrap().len()
        ),
        (&json!(300), 300)
    );
    assert_eq!(body(&ndjson.text).len(), 312);
    assert!(ndjson.text.contains(r#""n":1.10"#), "content is verbatim");
    for (tenant, export, kind) in [
        ("copy", &ndjson.text, "application/x-ndjson"),
        ("copy2", &document.text, "application/json"),
    ] {
        let copy = server.tenant(tenant).await;
        let taken = copy
            .raw(
                "POST",
                "/api/v1/import",
                Some(export.clone().into_bytes()),
                kind,
            )
            .await
            .ok();
        assert_eq!(
            taken["imported"],
            json!({"handoffs": 300, "knowledge": 2, "decisions": 2, "events": 1, "rules": 1, "capsules": 1,
                   "edges": 1, "feedback": 1, "findings": 1, "tasks": 2})
        );
        let again = copy.get("/api/v1/export/all?format=ndjson").await.text;
        let renamed = again.replace(
            &format!("\"tenant_id\":\"{tenant}\""),
            "\"tenant_id\":\"acme\"",
        );
        assert_eq!(body(&renamed), body(&ndjson.text));
        let twice = copy
            .raw(
                "POST",
                "/api/v1/import",
                Some(export.clone().into_bytes()),
                kind,
            )
            .await
            .ok();
        assert_eq!(
            (
                &twice["imported"]["handoffs"],
                &twice["skipped"]["handoffs"]
            ),
            (&json!(0), &json!(300))
        );
        // What was replaced is so in the copy too.
        let kestrels = copy
            .call::<Recall>(json!({"query": "kestrels nest"}))
            .await
            .ok();
        let kestrels = kestrels["results"].to_string();
        assert!(
            kestrels.contains("moved away") && !kestrels.contains("nest here"),
            "{kestrels}"
        );
        assert_eq!(
            copy.get("/api/v1/recall?query=word&kinds=event").await.ok()["results"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
    }
    let without = acme
        .get("/api/v1/export/all?include_events=false")
        .await
        .ok();
    assert!(without.get("events").is_none() && without["handoffs"]["total"] == 300);
    let thread = acme.get("/api/v1/export/thread?format=markdown").await;
    assert!(
        thread.text.contains("**Story:** story 299 \"q\" 기억")
            && !thread.text.contains("word for word")
    );
    assert!(
        acme.get("/api/v1/export/all?format=markdown")
            .await
            .text
            .contains("word for word")
    );
    acme.get("/api/v1/export/thread?format=ndjson")
        .await
        .refused(400);
}

#[tokio::test]
async fn a_bad_import_changes_nothing() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    fill(&acme).await;
    let export = acme.get("/api/v1/export/all?format=ndjson").await.text;
    let copy = server.tenant("copy").await;
    let lines: Vec<&str> = export.lines().collect();
    let headless = lines[1..].join("\n");
    let cut = lines[..lines.len() - 1].join("\n");
    let torn = export[..export.len() / 2].to_owned();
    let spoilt = export.replace(
        "\"significance\":0.30000000000000004",
        "\"significance\":\"much\"",
    );
    let misnamed = export.replacen("\"handoff_id\":\"sh_", "\"handoff_id\":\"kn_", 1);
    let out_of_range = export.replace("\"significance\":0.30000000000000004", "\"significance\":7");
    for bad in [
        headless,
        cut,
        torn,
        spoilt,
        out_of_range,
        misnamed,
        String::new(),
        "{}".to_owned(),
        r#"{"format":"other/9"}"#.to_owned(),
    ] {
        let reply = copy
            .raw(
                "POST",
                "/api/v1/import",
                Some(bad.clone().into_bytes()),
                "application/x-ndjson",
            )
            .await;
        assert_eq!(
            reply.status,
            400,
            "{}: {}",
            &bad[..bad.len().min(60)],
            reply.text
        );
    }
    copy.raw(
        "POST",
        "/api/v1/import",
        Some(export.into_bytes()),
        "text/markdown",
    )
    .await
    .refused(415);
    assert_eq!(
        copy.call::<handoff::Stats>(json!({})).await.ok()["total"],
        0
    );
    let left: Value = copy.get("/api/v1/export/all").await.ok();
    assert_eq!(
        (&left["decisions"]["total"], &left["knowledge"]["total"]),
        (&json!(0), &json!(0))
    );
}

#[tokio::test]
async fn an_import_that_fails_early_ends_at_once_and_frees_its_place() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let mut lines = vec![r#"{"format":"agent-memory/1"}"#.to_owned()];
    let item = r#"{"kind":"handoff","item":{"handoff_id":"sh_N","tenant_id":"x","session_id":"s","with_whom":"A","story":"x","significance":7,"tags":[],"sensitivity":"none","encrypted":false,"compression_level":"full","created_at":"2026-01-01T00:00:00Z"}}"#;
    lines.extend((0..20_000).map(|n| item.replace('N', &n.to_string())));
    let body = lines.join("\n").into_bytes();
    for _ in 0..3 {
        let taking = acme.raw(
            "POST",
            "/api/v1/import",
            Some(body.clone()),
            "application/x-ndjson",
        );
        let reply = tokio::time::timeout(std::time::Duration::from_secs(30), taking)
            .await
            .unwrap();
        assert_eq!(reply.status, 400, "{}", reply.text);
    }
}

/// The body of an export is the same after an import, byte by byte, whatever is in it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_again_is_the_same_to_the_byte() {
    let server = Server::start().await;
    for seed in 1..40 {
        let from = server.tenant(&format!("from{seed}")).await;
        worlds::fill(&from, seed).await;
        let export = from
            .get("/api/v1/export/all?include_events=true&format=ndjson")
            .await;
        let into = server.tenant(&format!("into{seed}")).await;
        into.raw(
            "POST",
            "/api/v1/import",
            Some(export.text.clone().into_bytes()),
            "application/x-ndjson",
        )
        .await
        .ok();
        let again = into
            .get("/api/v1/export/all?include_events=true&format=ndjson")
            .await;
        // A sealed text is under the other tenant's key then: as long as before, and other bytes.
        let alike = |text: &str| {
            worlds::shape(&text.replace(&format!("into{seed}"), &format!("from{seed}")))
        };
        for (before, after) in export.text.lines().zip(again.text.lines()).skip(1) {
            assert_eq!(alike(before), alike(after), "{seed}");
        }
        assert_eq!(export.text.lines().count(), again.text.lines().count());
    }
}

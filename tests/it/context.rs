//! context_build, capsules, rules

use crate::support::{Client, Server};
use agent_memory::{capsule, context, decision, event, rule};
use serde_json::{Value, json};

fn said(session: &str, text: &str, sensitivity: &str) -> Value {
    json!({"session_id": session, "channel": "private", "actor": {"type": "human", "id": "Ada"}, "kind": "message",
           "content": {"text": text}, "sensitivity": sensitivity})
}

async fn build(acme: &Client, channel: &str, more: Value) -> Value {
    let mut input = json!({"session_id": "now", "agent_id": "helper", "channel": channel, "intent": "fix the leaking roof"});
    input
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    acme.call::<context::Build>(input).await.ok()
}

fn section<'a>(bundle: &'a Value, name: &str) -> &'a Value {
    bundle["sections"]
        .as_array()
        .unwrap()
        .iter()
        .find(|section| section["name"] == name)
        .unwrap()
}

#[tokio::test]
async fn a_bundle_has_what_the_intent_needs_within_its_budget() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    acme.call::<rule::Create>(json!({"content": "Never climb alone.", "priority": 5}))
        .await
        .ok();
    acme.call::<rule::Create>(json!({"content": "Speak softly in public.", "channel": "public"}))
        .await
        .ok();
    acme.call::<event::Record>(said("then", "The roof leaks above the kitchen.", "none"))
        .await
        .ok();
    for n in 0..3 {
        acme.call::<event::Record>(said("now", &format!("Turn {n}."), "none"))
            .await
            .ok();
    }
    acme.call::<decision::Create>(json!({"decision": "Use slate for the roof.", "pinned": true}))
        .await
        .ok();
    let bundle = build(&acme, "private", json!({})).await;
    assert_eq!(bundle["mode"], "DEBUGGING");
    assert_eq!(
        section(&bundle, "rules")["items"].as_array().unwrap().len(),
        1
    );
    let recent: Vec<&str> = section(&bundle, "recent_window")["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["text"].as_str().unwrap())
        .collect();
    assert_eq!(recent, ["Turn 0.", "Turn 1.", "Turn 2."]);
    assert!(
        section(&bundle, "evidence")
            .to_string()
            .contains("above the kitchen")
    );
    assert!(
        section(&bundle, "decisions")
            .to_string()
            .contains("Use slate")
    );
    assert_eq!(bundle["provenance"]["below_confidence"], false);
    let names: Vec<&str> = bundle["sections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "rules",
            "task_state",
            "recent_window",
            "evidence",
            "decisions",
            "capsules"
        ]
    );
    assert_eq!(
        section(&build(&acme, "public", json!({})).await, "rules")["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // What does not fit is skipped and named, what is smaller still comes.
    let long = format!("The roof again. {}", "It drips and drips. ".repeat(400));
    acme.call::<event::Record>(said("then", &long, "none"))
        .await
        .ok();
    for max in [1000, 1500, 4000] {
        let bundle = build(&acme, "private", json!({"max_tokens": max})).await;
        let sum: u64 = bundle["sections"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["token_est"].as_u64().unwrap())
            .sum();
        assert_eq!(bundle["token_used_est"], sum);
        assert!(sum <= max, "{sum} > {max}");
        assert!(
            section(&bundle, "evidence")
                .to_string()
                .contains("above the kitchen"),
            "{bundle:#}"
        );
        if max > 1000 {
            continue;
        }
        let omitted = &bundle["omissions"];
        assert!(
            omitted
                .as_array()
                .unwrap()
                .iter()
                .any(|o| o["section"] == "evidence" && o["reason"] == "budget"),
            "{max}: {bundle:#}"
        );
    }
}

#[tokio::test]
async fn channels_show_what_they_may() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    for level in ["none", "low", "medium", "high", "secret"] {
        acme.call::<event::Record>(said(
            "now",
            &format!("A {level} thing about the roof."),
            level,
        ))
        .await
        .ok();
        acme.call::<event::Record>(said(
            "then",
            &format!("Another {level} thing about the roof."),
            level,
        ))
        .await
        .ok();
    }
    for (channel, shown) in [("public", 2), ("agent", 2), ("private", 4), ("team", 4)] {
        let bundle = build(&acme, channel, json!({})).await;
        let text = bundle["sections"].to_string();
        for (place, level) in ["none", "low", "medium", "high", "secret"]
            .iter()
            .enumerate()
        {
            assert_eq!(
                text.contains(&format!("A {level} thing")),
                place < shown,
                "{level} in {channel}"
            );
            // What is high is sealed, and found by no words.
            let found = text.contains(&format!("Another {level} thing"));
            assert_eq!(
                found,
                place < shown && *level != "high",
                "{level} in {channel}"
            );
        }
        let hidden = bundle["omissions"]
            .as_array()
            .unwrap()
            .iter()
            .find(|o| o["reason"] == "sensitivity")
            .unwrap();
        assert_eq!(hidden["count"], 5 - shown, "{bundle:#}");
    }
}

#[tokio::test]
async fn a_capsule_is_for_its_audience_until_it_is_revoked_or_expires() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let event = acme
        .call::<event::Record>(said("then", "Slates are in the shed.", "none"))
        .await
        .ok();
    let chunk = event["chunk_ids"][0].clone();
    let input = json!({"author_agent_id": "scout", "subject_type": "house", "subject_id": "h1", "scope": "project", "audience_agent_ids": ["helper"],
                       "items": {"chunks": [chunk]}, "risks": ["The shed is locked."]});
    let made = acme.call::<capsule::Create>(input.clone()).await.ok();
    let id = &made["capsule_id"];
    for (agent, there) in [("helper", true), ("scout", true), ("stranger", false)] {
        let got = acme
            .call::<capsule::Get>(json!({"id": id, "agent_id": agent}))
            .await;
        assert_eq!(got.status == 200, there, "{agent}: {}", got.text);
        let list = acme
            .call::<capsule::List>(json!({"agent_id": agent}))
            .await
            .ok();
        assert_eq!(list["count"], u8::from(there), "{agent}");
    }
    let bundle = build(&acme, "agent", json!({})).await;
    assert_eq!(bundle["capsules"], json!([id]));
    assert!(
        section(&bundle, "capsules")
            .to_string()
            .contains("Slates are in the shed."),
        "{bundle:#}"
    );
    assert_eq!(
        build(&acme, "agent", json!({"agent_id": "stranger"})).await["capsules"],
        json!([])
    );
    assert_eq!(
        build(&acme, "agent", json!({"include_capsules": false})).await["capsules"],
        json!([])
    );
    let mut unknown = input.clone();
    unknown["items"] = json!({"decisions": ["dec_nobodys"]});
    assert_eq!(
        acme.call::<capsule::Create>(unknown).await.refused(404)["field"],
        "items.decisions"
    );
    acme.call::<capsule::Revoke>(json!({"id": id})).await.ok();
    acme.call::<capsule::Get>(json!({"id": id, "agent_id": "helper"}))
        .await
        .refused(404);
    assert_eq!(
        build(&acme, "agent", json!({})).await["capsules"],
        json!([])
    );
    let old = acme.call::<capsule::Create>(input).await.ok();
    server
        .superuser()
        .await
        .batch("do $$ declare t regclass; begin for t in select oid::regclass from pg_class where relname = 'capsules' loop execute format('update %s set expires_at = created_at', t); end loop; end $$")
        .await
        .unwrap();
    acme.call::<capsule::Get>(json!({"id": old["capsule_id"], "agent_id": "helper"}))
        .await
        .refused(404);
    acme.call::<rule::Create>(json!({"content": "Always knock."}))
        .await
        .ok();
    let rules = acme.call::<rule::List>(json!({})).await.ok();
    acme.call::<rule::Delete>(json!({"id": rules["rules"][0]["rule_id"]}))
        .await
        .ok();
    assert_eq!(acme.call::<rule::List>(json!({})).await.ok()["count"], 0);
}

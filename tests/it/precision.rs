//! PrecisionMemBench (MIT, see its LICENSE beside the fixtures): does recall bring the beliefs that a question is about, and no others?

use crate::support::{Client, Server};
use agent_memory::knowledge;
use agent_memory::recall::Recall;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn fixture(name: &str) -> Vec<Value> {
    let path = format!(
        "{}/tests/fixtures/precisionmembench/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Stores a belief after those it replaced: its names are its title, its scope and its type are labels.
async fn store(
    server: &Server,
    beliefs: &[Value],
    belief: &Value,
    ids: &mut BTreeMap<String, String>,
) {
    let id = text(belief, "_id").to_owned();
    if ids.contains_key(&id) {
        return;
    }
    let mut supersedes = Value::Null;
    for older in beliefs
        .iter()
        .filter(|older| older["superseded_by"] == belief["_id"])
    {
        Box::pin(store(server, beliefs, older, ids)).await;
        supersedes = json!(ids[text(older, "_id")]);
    }
    let aliases: Vec<&str> = belief["aliases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alias| alias.as_str().unwrap())
        .collect();
    let mut tags = belief["scope"].as_array().unwrap().clone();
    tags.push(belief["type"].clone());
    let mut note = json!({"title": format!("{}: {}", text(belief, "canonical_name").replace('_', " "), aliases.join(", ")), "content": belief["content"],
                          "source_handoffs": ["sh_1"], "tags": tags, "pinned": belief["pinned"], "confidence": belief["confidence"]});
    if !supersedes.is_null() {
        note["supersedes"] = supersedes;
    }
    let owner = server.tenant(text(belief, "user_id")).await;
    let made = owner.call::<knowledge::Create>(note).await.ok();
    if !belief["resolved_at"].is_null() {
        owner
            .call::<knowledge::Delete>(json!({"id": made["note_id"]}))
            .await
            .ok();
    }
    ids.insert(id, made["note_id"].as_str().unwrap().to_owned());
}

/// What is found for a case beside what is always shown: pinned beliefs, open questions, what holds everywhere.
async fn found(
    user: &Client,
    case: &Value,
    beliefs: &BTreeMap<String, &Value>,
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for scope in case["scope"].as_array().unwrap() {
        let input = json!({"query": case["query"], "kinds": ["knowledge"], "tags": [scope]});
        let reply = user.call::<Recall>(input).await.ok();
        for result in reply["results"].as_array().unwrap() {
            let belief = beliefs[text(result, "id")];
            let shown = belief["pinned"] == true
                || belief["type"] == "open_question"
                || belief["scope"][0] == "user:universal";
            assert_ne!(
                belief["epistemic_status"],
                "superseded",
                "{}",
                text(case, "caseId")
            );
            if !shown {
                found.insert(text(belief, "_id").to_owned());
            }
        }
    }
    found
}

#[tokio::test]
async fn recall_brings_the_beliefs_a_question_is_about_and_few_others() {
    let server = Server::start().await;
    let beliefs = fixture("beliefs.seed.json");
    let mut ids = BTreeMap::new();
    for belief in &beliefs {
        store(&server, &beliefs, belief, &mut ids).await;
    }
    let by_id: BTreeMap<String, &Value> = beliefs
        .iter()
        .map(|belief| (ids[text(belief, "_id")].clone(), belief))
        .collect();
    let user = server.tenant("test-user").await;
    let (mut precisions, mut held, mut failed) = (Vec::new(), 0, Vec::new());
    for case in fixture("retrieval.cases.json") {
        let Some(allowed) = case["expect"]["relevantBeliefs"]["shouldOnlyInclude"].as_array()
        else {
            continue;
        };
        if text(&case, "query").trim().is_empty() {
            user.call::<Recall>(json!({"query": case["query"]}))
                .await
                .refused(400);
            continue;
        }
        let allowed: BTreeSet<String> = allowed
            .iter()
            .map(|id| id.as_str().unwrap().to_owned())
            .collect();
        let cold = text(&case, "caseId").starts_with("cold-start");
        let asker = if cold {
            server.tenant("nobody-yet").await
        } else {
            user.clone()
        };
        let found = found(&asker, &case, &by_id).await;
        let right = found.intersection(&allowed).count();
        precisions.push(match (found.len(), allowed.len()) {
            (0, 0) => 1.0,
            (0, _) => 0.0,
            (all, _) => right as f64 / all as f64,
        });
        match right == found.len() && (right > 0 || allowed.is_empty()) {
            true => held += 1,
            false => failed.push(text(&case, "caseId").to_owned()),
        }
    }
    let mean = precisions.iter().sum::<f64>() / precisions.len() as f64;
    println!(
        "mean precision {mean:.2}, {held} of {} cases; not: {failed:?}",
        precisions.len()
    );
    assert!(
        mean >= 0.7 && held >= 48,
        "mean precision {mean:.2}, {held} cases; not: {failed:?}"
    );
}

//! recall

use crate::support::{Client, Server};
use agent_memory::recall::Recall;
use agent_memory::{decision, event, handoff, knowledge};
use serde_json::{Value, json};

async fn fill(acme: &Client) {
    let said = |session: &str, who: &str, text: &str, at: &str| {
        json!({"session_id": session, "channel": "private", "actor": {"type": "human", "id": who}, "kind": "message",
               "content": {"text": text}, "at": at, "tags": [format!("from:{who}")]})
    };
    let events = json!({"events": [
        said("one", "Ada", "The pottery class starts on Monday.", "2026-01-05T10:00:00Z"),
        said("one", "Bob", "I sold my bicycle yesterday.", "2026-01-05T10:00:01Z"),
        said("two", "Ada", "My bicycle needs a new chain.", "2026-02-01T09:00:00Z"),
    ]});
    acme.call::<event::Batch>(events).await.ok();
    acme.call::<handoff::Create>(json!({"session_id": "two", "with_whom": "Ada", "learned": "Chains wear out.", "story": "We oiled a bicycle."})).await.ok();
    acme.call::<knowledge::Create>(
        json!({"title": "Bicycle", "content": "Two wheels.", "source_handoffs": ["sh_1"]}),
    )
    .await
    .ok();
    acme.call::<decision::Create>(json!({"decision": "Buy a bicycle chain"}))
        .await
        .ok();
}

fn texts(reply: &Value) -> Vec<&str> {
    reply["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn any_word_of_the_query_finds_every_kind() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    fill(&acme).await;
    let all = acme
        .call::<Recall>(json!({"query": "what happened to the bicycles?"}))
        .await
        .ok();
    let mut kinds: Vec<&str> = all["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["decision", "event", "handoff", "knowledge"]);
    assert_eq!(all["below_confidence"], false);
    let chain = acme
        .call::<Recall>(json!({"query": "bicycle chain", "limit": 1, "kinds": ["event"]}))
        .await
        .ok();
    assert_eq!(texts(&chain), ["My bicycle needs a new chain."]);
    assert_eq!(chain["results"][0]["tags"], json!(["from:Ada"]));
    let nothing = acme
        .call::<Recall>(json!({"query": "quantum chromodynamics"}))
        .await
        .ok();
    assert_eq!(
        (&nothing["below_confidence"], texts(&nothing).len()),
        (&json!(true), 0)
    );
    assert!(
        texts(
            &acme
                .call::<Recall>(json!({"query": "!!! ??? '|&"}))
                .await
                .ok()
        )
        .is_empty()
    );
}

#[tokio::test]
async fn filters_and_budgets_hold() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    fill(&acme).await;
    let ask = async |more: Value| {
        let mut input = json!({"query": "bicycle"});
        input
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        acme.call::<Recall>(input).await.ok()
    };
    // What was said before it comes after it: it may be what is meant.
    assert_eq!(
        texts(&ask(json!({"session_id": "one"})).await),
        [
            "I sold my bicycle yesterday.",
            "The pottery class starts on Monday."
        ]
    );
    assert_eq!(
        texts(&ask(json!({"with_whom": "Bob"})).await),
        ["I sold my bicycle yesterday."]
    );
    assert_eq!(
        texts(&ask(json!({"tags": ["from:Ada"]})).await),
        ["My bicycle needs a new chain."]
    );
    assert_eq!(
        texts(&ask(json!({"until": "2026-01-31T00:00:00Z"})).await)[0],
        "I sold my bicycle yesterday."
    );
    assert_eq!(
        texts(&ask(json!({"as_of": "2026-01-31T00:00:00Z"})).await)[0],
        "I sold my bicycle yesterday."
    );
    let small = ask(json!({"max_tokens": 8})).await;
    assert!(
        small["token_count"].as_u64().unwrap() <= 8 && !texts(&small).is_empty(),
        "{small}"
    );
    assert!(ask(json!({"explain": true})).await["results"][0]["explanation"]["words"].is_number());
    let by_query = acme
        .get("/api/v1/recall?query=bicycle&kinds=event&limit=1")
        .await
        .ok();
    assert_eq!(texts(&by_query).len(), 1);
}

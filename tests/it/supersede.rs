//! What replaces another, and the same words twice.

use crate::edit::{decide, everything, keep};
use crate::support::Server;
use agent_memory::recall::Recall;
use agent_memory::{decision, edit, event, handoff, knowledge, trash};
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_replaced_gives_way_at_once_and_is_believed_only_in_the_past() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let kept = keep(&acme).await;
    let then = chrono::Utc::now();
    let note = json!({"title": "walrus", "content": "The seal note.", "source_handoffs": ["sh_1"], "supersedes": kept.note});
    let note = acme.call::<knowledge::Create>(note).await.ok();
    let handoff = json!({"session_id": "t", "with_whom": "Ada", "story": "The seal handoff.", "supersedes": kept.handoff});
    acme.call::<handoff::Create>(handoff.clone()).await.ok();
    acme.call::<handoff::Create>(handoff).await.refused(409);
    acme.call::<decision::Create>(
        json!({"decision": "The seal decision.", "supersedes": kept.decision}),
    )
    .await
    .ok();
    let [found, wake, built, _] = everything(&acme, "walrus seal").await;
    for (place, text) in [("recall", &found), ("wake-up", &wake), ("context", &built)] {
        for old in [
            "walrus note",
            "walrus handoff",
            "walrus remembered",
            "walrus decision",
        ] {
            assert!(!text.contains(old), "{old} in the {place}: {text}");
        }
    }
    for new in ["seal note", "seal handoff", "seal decision"] {
        assert!(found.contains(new), "{found}");
    }
    let past = acme
        .call::<Recall>(json!({"query": "walrus seal", "as_of": then, "limit": 50}))
        .await
        .ok();
    let past = past["results"].to_string();
    assert!(
        past.contains("walrus note") && past.contains("walrus decision") && !past.contains("seal"),
        "{past}"
    );
    // What replaced it goes into the trash: it counts again; and gives way again when that comes back.
    acme.call::<knowledge::Delete>(json!({"id": note["note_id"]}))
        .await
        .ok();
    let [found, ..] = everything(&acme, "walrus note").await;
    assert!(
        found.contains("walrus note") && !found.contains("seal note"),
        "{found}"
    );
    acme.call::<trash::Restore>(json!({"id": note["note_id"]}))
        .await
        .ok();
    let [found, ..] = everything(&acme, "walrus note").await;
    assert!(
        !found.contains("walrus note") && found.contains("seal note"),
        "{found}"
    );
}

#[tokio::test]
async fn the_same_words_twice_are_one_note_one_decision_one_rule_but_two_events() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let note = json!({"title": "Tea", "content": "Green, please.", "source_handoffs": ["sh_1"]});
    let first = acme.call::<knowledge::Create>(note.clone()).await.ok();
    let again = acme.call::<knowledge::Create>(note.clone()).await.ok();
    assert_eq!(
        (&again["note_id"], &again["note"]["times"]),
        (&first["note_id"], &json!(2))
    );
    let decision = json!({"decision": "Tea it is."});
    let first = acme.call::<decision::Create>(decision.clone()).await.ok();
    let again = acme.call::<decision::Create>(decision).await.ok();
    assert_eq!(again["decision_id"], first["decision_id"]);
    let rule = json!({"content": "Offer tea."});
    let first = acme
        .call::<agent_memory::rule::Create>(rule.clone())
        .await
        .ok();
    let again = acme.call::<agent_memory::rule::Create>(rule).await.ok();
    assert_eq!(
        (&again["rule_id"], &again["times"]),
        (&first["rule_id"], &json!(2))
    );
    let ok = json!({"session_id": "s", "channel": "private", "actor": {"type": "human", "id": "Ada"}, "kind": "message", "content": {"text": "ok"}});
    let first = acme.call::<event::Record>(ok.clone()).await.ok();
    let again = acme.call::<event::Record>(ok).await.ok();
    assert_ne!(again["event_id"], first["event_id"]);
    // Many at once are still one.
    let note = json!({"title": "Coffee", "content": "Black.", "source_handoffs": ["sh_1"]});
    let all = futures_util::future::join_all(
        (0..12).map(|_| acme.call::<knowledge::Create>(note.clone())),
    )
    .await;
    let ids: std::collections::HashSet<String> = all
        .into_iter()
        .map(|reply| reply.ok()["note_id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1);
    // What was changed or thrown away does not stand in the way of saying it anew.
    let id = acme.call::<knowledge::Create>(note.clone()).await.ok()["note_id"].clone();
    acme.call::<knowledge::Update>(json!({"id": id, "content": "With milk."}))
        .await
        .ok();
    let anew = acme.call::<knowledge::Create>(note).await.ok();
    assert_ne!(anew["note_id"], id);
    // What was changed to the same words stays another note.
    acme.call::<knowledge::Update>(json!({"id": id, "content": "Black."}))
        .await
        .ok();
}

#[tokio::test]
async fn what_was_replaced_stays_so_whatever_is_done_to_it() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let note = |content: &str, supersedes: &Value| {
        let mut note = json!({"title": "crane", "content": content, "source_handoffs": ["sh_1"]});
        if !supersedes.is_null() {
            note["supersedes"] = supersedes.clone();
        }
        note
    };
    let a = acme
        .call::<knowledge::Create>(note("The first crane.", &Value::Null))
        .await
        .ok()["note_id"]
        .clone();
    let b = acme
        .call::<knowledge::Create>(note("The second crane.", &a))
        .await
        .ok()["note_id"]
        .clone();
    let c = acme
        .call::<knowledge::Create>(note("The third crane.", &b))
        .await
        .ok()["note_id"]
        .clone();
    let found =
        async || acme.call::<Recall>(json!({"query": "crane"})).await.ok()["results"].to_string();
    acme.call::<knowledge::Update>(json!({"id": a, "content": "The first crane, painted."}))
        .await
        .ok();
    decide(
        &acme,
        "knowledge",
        &a,
        "amend",
        json!({"content": "The first crane, rusty."}),
    )
    .await;
    acme.call::<knowledge::Delete>(json!({"id": b})).await.ok();
    let now = found().await;
    assert!(
        now.contains("third") && !now.contains("first") && !now.contains("second"),
        "{now}"
    );
    // What an edit said of a memory that is erased is erased with it.
    acme.call::<knowledge::Delete>(json!({"id": a, "erase": true}))
        .await
        .ok();
    let edits = acme.call::<edit::List>(json!({"target_id": a})).await.ok();
    assert_eq!(edits["count"], 0);
    acme.call::<knowledge::Delete>(json!({"id": c})).await.ok();
    assert!(!found().await.contains("crane"));
}

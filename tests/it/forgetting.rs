//! What is said twice, what nobody uses, and what fades.

use crate::consolidation::{STORY, age, consolidate, hand_over, sql};
use crate::support::{Client, Server, until};
use agent_memory::recall::Recall;
use agent_memory::{consolidation, decision, edit, handoff, knowledge, tenant, trash, wake};
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_said_twice_is_kept_back_and_given_back_on_request() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let note = async |text: &str| {
        let body = json!({"title": "Deploying", "content": text, "source_handoffs": ["sh_1"]});
        acme.call::<knowledge::Create>(body).await.ok()["note_id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let words = "The walrus cluster is deployed with blue green switching, its certificates rotate monthly and its backups go to Frankfurt";
    let old = note(&format!("{words} every night on port 3456.")).await;
    let new = note(&format!("{words}, every night; on port 3456!")).await;
    // Another number is another fact, and so is what is denied.
    note(&format!("{words} every night on port 3457.")).await;
    note(&format!(
        "{words} every night on port 3456, never on Fridays."
    ))
    .await;
    let again = async |session: &str| hand_over(&acme, session, json!({"story": STORY})).await;
    let (first, last) = (again("a").await, again("b").await);
    let done = consolidate(&acme, "deduplication").await;
    assert_eq!(
        done["results"]["deduplication"],
        json!({"duplicates": 2}),
        "{done}"
    );
    let found = async |query: &str| {
        acme.call::<Recall>(json!({"query": query, "limit": 50}))
            .await
            .text
    };
    let all = found("walrus cluster port").await;
    assert!(
        !all.contains(&old) && all.contains(&new) && all.contains("3457") && all.contains("never"),
        "{all}"
    );
    let all = found("Marguerite certificate").await;
    assert!(!all.contains(&first) && all.contains(&last), "{all}");
    // When the one that stayed is gone, the other is there again.
    acme.call::<handoff::Delete>(json!({"id": last, "erase": true}))
        .await
        .ok();
    consolidate(&acme, "all").await;
    assert!(found("Marguerite certificate").await.contains(&first));
    // Each is an edit that says why, and can be taken back; then it stays.
    let edits = acme.call::<edit::List>(json!({})).await.ok();
    let edits = edits["edits"].as_array().unwrap();
    assert!(
        edits
            .iter()
            .all(|edit| edit["proposed_by"] == "consolidation"),
        "{edits:?}"
    );
    let mine = edits
        .iter()
        .find(|edit| edit["target_id"] == old.as_str())
        .unwrap();
    assert_eq!(mine["reason"], format!("says the same as {new}"));
    acme.call::<edit::Reject>(json!({"id": mine["edit_id"]}))
        .await
        .ok();
    assert!(found("walrus cluster port").await.contains(&old));
    consolidate(&acme, "all").await;
    assert!(
        found("walrus cluster port").await.contains(&old),
        "what was taken back stays"
    );
}

#[tokio::test]
async fn what_fades_below_a_threshold_goes_into_the_trash_and_comes_back_from_it() {
    let server = Server::start().await;
    let operator = Client::new(&server.url);
    let acme = server.tenant("acme").await;
    let faded = hand_over(
        &acme,
        "faded",
        json!({"story": "The walrus hums.", "significance": 0.0}),
    )
    .await;
    hand_over(
        &acme,
        "weighty",
        json!({"story": "The otter sings.", "significance": 1.0}),
    )
    .await;
    hand_over(&acme, "kept", json!({"story": "The penguin drums.", "remember": "Feed the penguin.", "significance": 0.0})).await;
    hand_over(
        &acme,
        "young",
        json!({"story": "The seal claps.", "significance": 0.0}),
    )
    .await;
    for session in ["faded", "weighty", "kept"] {
        age(&server, session, 100).await;
    }
    // Nothing is forgotten unless somebody asks for it.
    let done = consolidate(&acme, "all").await;
    assert_eq!(done["results"]["forgetting"], json!({"forgotten": 0}));
    let change = json!({"tenant_id": "acme", "consolidation": {"forget_below": 0.2, "half_life_days": 30.0}});
    operator.call::<tenant::Update>(change).await.ok();
    until("the settings to hold", 5, async || {
        consolidate(&acme, "forgetting").await;
        acme.call::<handoff::List>(json!({})).await.ok()["count"] == 3
    })
    .await;
    let found = acme
        .call::<Recall>(json!({"query": "walrus hums"}))
        .await
        .text;
    assert!(!found.contains(&faded));
    let trash = acme.call::<trash::List>(json!({})).await.ok();
    assert_eq!(trash.to_string().matches("sh_").count(), 1, "{trash}");
    acme.call::<trash::Restore>(json!({"id": faded})).await.ok();
    assert!(
        acme.call::<Recall>(json!({"query": "walrus hums"}))
            .await
            .text
            .contains(&faded)
    );
    // That was a use of it: it does not go again at once.
    let again = consolidate(&acme, "forgetting").await;
    assert_eq!(again["results"]["forgetting"]["forgotten"], 0, "{again}");
    let stats = acme.call::<consolidation::Stats>(json!({})).await.ok();
    // 0.5^(100/30), 0.5^(100/90), and what is young or was used just now.
    let mean = (0.5f64.powf(100.0 / 30.0) + 0.5f64.powf(100.0 / 90.0) + 2.0) / 4.0;
    assert!(
        (stats["mean_strength"].as_f64().unwrap() - mean).abs() < 2e-3,
        "{stats} {mean}"
    );
}

#[tokio::test]
async fn decisions_that_nobody_uses_leave_the_active_set_until_somebody_does() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let decide = async |text: &str, more: Value| {
        let mut body = json!({"decision": text});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        acme.call::<decision::Create>(body).await.ok()["decision_id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let old = decide("We deploy with walrus.", json!({})).await;
    decide("We sign with otters.", json!({"pinned": true})).await;
    decide("We test with penguins.", json!({})).await;
    sql(&server, "do $$ declare t regclass; begin for t in select oid::regclass from pg_class where relname = 'decisions' and relkind = 'r' loop execute format('update %s set created_at = now() - interval ''70 days'' where decision not like ''%%penguins%%''', t); end loop; end $$").await;
    let done = consolidate(&acme, "decision_archival").await;
    assert_eq!(
        done["results"]["decision_archival"],
        json!({"archived": 1, "restored": 0})
    );
    let decisions = async || {
        let woken = acme
            .call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": 2000}))
            .await
            .ok();
        woken["context"].as_str().unwrap().to_owned()
    };
    let active = decisions().await;
    assert!(
        !active.contains("walrus") && active.contains("otters") && active.contains("penguins"),
        "{active}"
    );
    let list = acme.call::<decision::List>(json!({})).await.ok();
    let status = |text: &str| {
        let all = list["decisions"].as_array().unwrap();
        all.iter()
            .find(|d| d["decision"].as_str().unwrap().contains(text))
            .unwrap()["status"]
            .clone()
    };
    assert_eq!(
        [status("walrus"), status("otters")],
        [json!("archived"), json!("active")]
    );
    // Recall still finds it, and that is a use of it.
    let found = acme
        .call::<Recall>(json!({"query": "deploy walrus"}))
        .await
        .ok();
    assert_eq!(found["results"][0]["id"], old.as_str());
    let superuser = server.superuser().await;
    static USED: agent_memory::db::Sql = agent_memory::db::Sql {
        name: "uses",
        text: "select coalesce(sum((xpath('//c/text()', query_to_xml(format('select count(*) as c from %s', oid::regclass), false, true, '')))[1]::text::bigint), 0)::bigint from pg_class where relname = 'item_uses' and relkind = 'r'",
    };
    until("the use to be written down", 20, async || {
        superuser.query(&USED, &[]).await.unwrap()[0].get::<_, i64>(0) > 0
    })
    .await;
    let done = consolidate(&acme, "decision_archival").await;
    assert_eq!(
        done["results"]["decision_archival"]["restored"], 1,
        "{done}"
    );
    assert!(decisions().await.contains("walrus"));
}

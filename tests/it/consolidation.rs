//! Consolidation: shorter forms, principles, reflections, archived decisions, what is said twice, forgetting; and each of it once.

use crate::support::{Client, Server, until};
use agent_memory::recall::Recall;
use agent_memory::{consolidation, edit, handoff, reflection, tenant, wake};
use serde_json::{Value, json};

pub const STORY: &str = "We talked for a while about this and that. The reserve of pg_wal has to stay above 300 MiB or PostgreSQL panics. \
    It was a good day for all of us. We looked at many things together. Marguerite owns the certificate rotation in Frankfurt. \
    Then we talked a little more about the weather and the weekend. Everybody was content with how it went in the end.";

/// Runs some steps, or all.
pub async fn consolidate(client: &Client, which: &str) -> Value {
    client
        .call::<consolidation::Run>(json!({"job_type": which}))
        .await
        .ok()
}

pub async fn hand_over(client: &Client, session: &str, more: Value) -> String {
    let mut body = json!({"session_id": session, "with_whom": "Ada"});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    client.call::<handoff::Create>(body).await.ok()["handoff_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// Makes memories of a session older by some days.
pub async fn age(server: &Server, session: &str, days: u32) {
    let session = session.replace('%', "%%");
    let text = format!(
        "do $$ declare t regclass; begin
           for t in select oid::regclass from pg_class where relname = 'session_handoffs' and relkind = 'r' loop
             execute format('update %s set created_at = now() - interval ''{days} days'' where session_id like ''{session}''', t); end loop;
         end $$"
    );
    server.superuser().await.batch(&text).await.unwrap();
}

pub async fn sql(server: &Server, text: &str) {
    server.superuser().await.batch(text).await.unwrap();
}

#[tokio::test]
async fn old_handoffs_get_shorter_forms_step_by_step_and_stay_whole() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    for days in [0, 10, 40, 100, 200] {
        let session = format!("s{days}");
        hand_over(
            &acme,
            &session,
            json!({"story": format!("Day {days}. {STORY}"), "learned": "Measure first."}),
        )
        .await;
        age(&server, &session, days).await;
    }
    let done = consolidate(&acme, "handoff_compression").await;
    assert_eq!(
        done["results"]["handoff_compression"],
        json!({"affected_30": 3, "affected_90": 2, "affected_180": 1})
    );
    let list = acme.call::<handoff::List>(json!({})).await.ok();
    let listed = list["handoffs"].as_array().unwrap();
    let levels: Vec<&str> = listed
        .iter()
        .map(|h| h["compression_level"].as_str().unwrap())
        .collect();
    assert_eq!(
        levels,
        ["full", "full", "summary", "quick_ref", "integrated"]
    );
    let sizes: Vec<usize> = listed[2..]
        .iter()
        .map(|h| h["compressed"].as_str().unwrap().len())
        .collect();
    assert!(
        sizes[0] >= sizes[1] && sizes[1] >= sizes[2] && sizes[0] < STORY.len() / 2,
        "{sizes:?}"
    );
    for handoff in &listed[2..] {
        let (whole, short) = (
            handoff["story"].as_str().unwrap(),
            handoff["compressed"].as_str().unwrap(),
        );
        assert!(whole.contains(STORY), "its texts stay");
        // Whole sentences of its own, and the ones that tell something.
        for sentence in short.split_inclusive(". ") {
            assert!(
                whole.contains(sentence.trim()) || sentence.trim() == "Measure first.",
                "{sentence}"
            );
        }
        assert!(
            short.contains("pg_wal") || short.contains("Marguerite"),
            "{short}"
        );
    }
    let saved = done["jobs"][0]["tokens_saved"].as_i64().unwrap();
    let stats = acme.call::<consolidation::Stats>(json!({})).await.ok();
    assert!(saved > 100 && stats["tokens_saved"] == saved, "{stats}");
    // What an agent wakes up with.
    let woken = acme
        .call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": 4000}))
        .await
        .ok();
    let older = woken["older_handoffs"].as_array().unwrap();
    assert_eq!(older[3]["summary"], listed[4]["compressed"]);
    // It is found by all its words, also those that its short form leaves out.
    let found = acme
        .call::<Recall>(json!({"query": "weather and weekend", "limit": 10}))
        .await
        .ok();
    assert_eq!(found["results"].as_array().unwrap().len(), 5);
    // Again: nothing. And a day later, the next step alone.
    let again = consolidate(&acme, "all").await;
    let again = [
        again["jobs"].to_string(),
        consolidate(&acme, "all").await["message"].to_string(),
    ];
    assert!(again[1].contains("Nothing to do"), "{again:?}");
    age(&server, "s40", 95).await;
    let next = consolidate(&acme, "handoff_compression").await;
    assert_eq!(
        next["results"]["handoff_compression"],
        json!({"affected_30": 0, "affected_90": 1, "affected_180": 0})
    );
    // What is amended says something else: its short form is made anew.
    let target = listed[4]["handoff_id"].as_str().unwrap();
    let edit = json!({"target_type": "handoff", "target_id": target, "op": "amend", "reason": "typo", "proposed_by": "me", "patch": {"story": "Now it is about the walruses of Svalbard and their ivory tusks."}});
    let edit = acme.call::<edit::Propose>(edit).await.ok();
    acme.call::<edit::Approve>(json!({"id": edit["edit_id"]}))
        .await
        .ok();
    consolidate(&acme, "handoff_compression").await;
    let now = acme.call::<handoff::Get>(json!({"id": target})).await.ok();
    let short = now["compressed"]
        .as_str()
        .or(now["handoff"]["compressed"].as_str())
        .unwrap()
        .to_owned();
    assert!(
        short.contains("walruses") && !short.contains("pg_wal"),
        "{short}"
    );
}

#[tokio::test]
async fn a_day_a_week_a_month_are_looked_back_on_and_forget_what_is_erased() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    for n in 0..3 {
        let story = format!("Nothing much. Moved billing database number {n} to Frankfurt.");
        hand_over(&acme, &format!("s{n}"), json!({"story": story, "learned": format!("The scheduler {n} needs a lease."), "remember": format!("Ask Marguerite about {n}.")})).await;
    }
    let walrus = hand_over(
        &acme,
        "walrus",
        json!({"story": "The walrus codename is Tusk-77."}),
    )
    .await;
    age(&server, "%", 45).await;
    let done = consolidate(&acme, "reflection").await;
    assert_eq!(
        done["results"]["reflection"],
        json!({"days": 1, "weeks": 1, "months": 1}),
        "{done}"
    );
    for (period, sessions) in [("day", 4), ("week", 4), ("month", 4)] {
        let list = acme
            .call::<reflection::List>(json!({"period": period}))
            .await
            .ok();
        let one = &list["reflections"][0];
        assert_eq!(one["content"]["handoffs"], sessions, "{one}");
        let text = one["text"].as_str().unwrap();
        for part in [
            "with Ada (4)",
            "Moved billing database",
            "needs a lease.",
            "Ask Marguerite",
            "Tusk-77",
            "Themes: ",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
    let woken = acme.call::<wake::Stratified>(json!({})).await.ok();
    assert!(
        woken["reflection"]
            .as_str()
            .unwrap()
            .contains("4 sessions with Ada"),
        "{woken}"
    );
    // What is erased is gone from them at once, and they are made again without it.
    acme.call::<handoff::Delete>(json!({"id": walrus, "erase": true}))
        .await
        .ok();
    let everything = async || {
        let mut all = acme.call::<wake::Stratified>(json!({})).await.text;
        for period in ["day", "week", "month"] {
            all += &acme
                .call::<reflection::List>(json!({"period": period}))
                .await
                .text;
        }
        all
    };
    assert!(!everything().await.contains("Tusk"));
    consolidate(&acme, "reflection").await;
    let all = everything().await;
    assert!(
        !all.contains("Tusk") && all.contains("3 sessions with Ada"),
        "{all}"
    );
}

#[tokio::test]
async fn the_state_of_things_is_told_and_a_tenant_may_have_its_own_schedule() {
    let server = Server::start().await;
    let operator = Client::new(&server.url);
    let acme = server.tenant("acme").await;
    hand_over(&acme, "s", json!({"story": "x"})).await;
    let status = acme.call::<consolidation::Status>(json!({})).await.ok();
    assert_eq!(
        (&status["enabled"], &status["schedule"], &status["state"]),
        (&json!(true), &json!("0 2 * * *"), &json!("idle"))
    );
    assert!(
        status["next_run"].as_str().unwrap().ends_with("T02:00:00Z"),
        "{status}"
    );
    consolidate(&acme, "all").await;
    let jobs = acme.call::<consolidation::Jobs>(json!({})).await.ok();
    let types: Vec<&str> = jobs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["job_type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        [
            "deduplication",
            "identity_consolidation",
            "handoff_compression",
            "decision_archival",
            "reflection",
            "forgetting"
        ]
    );
    let status = acme.call::<consolidation::Status>(json!({})).await.ok();
    assert!(status["last_success"].is_string(), "{status}");
    for (bad, field) in [
        (json!([false]), "consolidation"),
        (json!({"enabled": false, "schedule": "junk"}), "schedule"),
        (json!({"schedule": "0 2 30 2 *"}), "schedule"),
        (json!({"schedule": "* * *"}), "schedule"),
        (json!({"summary_after_days": 100}), "summary_after_days"),
        (json!({"forget_below": 1.0}), "forget_below"),
        (json!({"half_life_days": 0}), "half_life_days"),
    ] {
        let refused = operator
            .call::<tenant::Update>(json!({"tenant_id": "acme", "consolidation": bad}))
            .await
            .refused(400);
        assert!(
            refused["field"].as_str().unwrap().ends_with(field),
            "{refused}"
        );
    }
    operator
        .call::<tenant::Update>(
            json!({"tenant_id": "acme", "consolidation": {"schedule": "30 4 * * 1"}}),
        )
        .await
        .ok();
    until("the schedule to hold", 5, async || {
        acme.call::<consolidation::Status>(json!({})).await.ok()["schedule"] == "30 4 * * 1"
    })
    .await;
    operator
        .call::<tenant::Update>(json!({"tenant_id": "acme", "consolidation": {"enabled": false}}))
        .await
        .ok();
    until("it to be turned off", 5, async || {
        acme.call::<consolidation::Status>(json!({})).await.ok()["enabled"] == false
    })
    .await;
    let health = operator.get("/health/detailed").await.ok();
    assert_eq!(
        health["checks"]["consolidation"]["status"], "pass",
        "{health}"
    );
}

#[tokio::test]
async fn an_idempotency_key_runs_once_and_an_export_keeps_the_short_forms() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    hand_over(&acme, "s", json!({"story": STORY})).await;
    age(&server, "s", 50).await;
    let once = acme.clone().with("idempotency-key", "k1");
    let first = consolidate(&once, "all").await;
    assert_eq!(consolidate(&once, "all").await, first);
    let exported = acme.get("/api/v1/export/all?format=ndjson").await.text;
    assert!(
        exported.contains("\"compressed\":\"")
            && exported.contains("\"compression_level\":\"summary\""),
        "{exported}"
    );
    let other = server.tenant("other").await;
    other
        .raw(
            "POST",
            "/api/v1/import",
            Some(exported.clone().into_bytes()),
            "application/x-ndjson",
        )
        .await
        .ok();
    let again = other.get("/api/v1/export/all?format=ndjson").await.text;
    let body = |text: &str| {
        text.lines()
            .skip(1)
            .collect::<Vec<_>>()
            .join("\n")
            .replace("\"other\"", "\"acme\"")
    };
    assert_eq!(body(&again), body(&exported));
}

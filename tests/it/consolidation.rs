//! Consolidation: shorter forms, principles, reflections, archived decisions, what is said twice, forgetting; and each of it once.

use crate::support::{Client, Server, until};
use agent_memory::recall::Recall;
use agent_memory::{
    consolidation, decision, edit, handoff, knowledge, principle, reflection, tenant, trash, wake,
};
use serde_json::{Value, json};

const STORY: &str = "We talked for a while about this and that. The reserve of pg_wal has to stay above 300 MiB or PostgreSQL panics. \
    It was a good day for all of us. We looked at many things together. Marguerite owns the certificate rotation in Frankfurt. \
    Then we talked a little more about the weather and the weekend. Everybody was content with how it went in the end.";

/// Runs some steps, or all.
async fn consolidate(client: &Client, which: &str) -> Value {
    client
        .call::<consolidation::Run>(json!({"job_type": which}))
        .await
        .ok()
}

async fn hand_over(client: &Client, session: &str, more: Value) -> String {
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
async fn age(server: &Server, session: &str, days: u32) {
    let session = session.replace('%', "%%");
    let text = format!(
        "do $$ declare t regclass; begin
           for t in select oid::regclass from pg_class where relname = 'session_handoffs' and relkind = 'r' loop
             execute format('update %s set created_at = now() - interval ''{days} days'' where session_id like ''{session}''', t); end loop;
         end $$"
    );
    server.superuser().await.batch(&text).await.unwrap();
}

async fn sql(server: &Server, text: &str) {
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
async fn statements_that_say_the_same_become_one_principle() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    let say = async |n: usize, text: &str| {
        hand_over(
            &acme,
            &format!("s{n}"),
            json!({"becoming": text, "story": format!("Session {n}.")}),
        )
        .await
    };
    let measuring = [
        "I measure before I change anything",
        "An agent that measures before it changes things",
        "One who measures first and changes afterwards",
        "I measure before I change code",
    ];
    let mut ids = Vec::new();
    for (n, text) in measuring.iter().enumerate() {
        ids.push(say(n, text).await);
    }
    say(10, "I keep my promises").await;
    say(11, "One who keeps promises").await;
    say(12, "I listen more than I talk").await;
    // What not every channel may show is no principle.
    for n in 20..23 {
        let body = json!({"becoming": "I answer the walrus first", "sensitivity": "medium"});
        hand_over(&acme, &format!("s{n}"), body).await;
    }
    let done = consolidate(&acme, "identity_consolidation").await;
    assert_eq!(
        done["results"]["identity_consolidation"]["affected"], 7,
        "{done}"
    );
    let list = acme.call::<principle::List>(json!({})).await.ok();
    // Two that say the same are no principle yet.
    assert_eq!(list["count"], 1, "{list}");
    let first = &list["principles"][0];
    assert!(
        measuring.contains(&first["statement"].as_str().unwrap()),
        "{first}"
    );
    assert_eq!(
        (&first["times"], first["evidence"].as_array().unwrap().len()),
        (&json!(4), 4)
    );
    // The same again: nothing changes.
    let before = list.clone();
    assert!(
        consolidate(&acme, "all").await["success"]
            .as_bool()
            .unwrap()
    );
    assert_eq!(acme.call::<principle::List>(json!({})).await.ok(), before);
    // A principle is updated, not repeated.
    say(13, "I measure before changing").await;
    consolidate(&acme, "identity_consolidation").await;
    let list = acme.call::<principle::List>(json!({})).await.ok();
    assert_eq!(
        (&list["count"], &list["principles"][0]["times"]),
        (&json!(1), &json!(5))
    );
    // What goes into the trash and comes back is counted once.
    let statement = list["principles"][0]["statement"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut others = Vec::new();
    for id in &ids {
        let handoff = acme.call::<handoff::Get>(json!({"id": id})).await.text;
        if !handoff.contains(&format!("\"becoming\":\"{statement}\"")) {
            others.push(id.clone());
        }
    }
    for _ in 0..2 {
        acme.call::<handoff::Delete>(json!({"id": others[0]}))
            .await
            .ok();
        let fewer = acme.call::<principle::List>(json!({})).await.ok();
        assert_eq!(fewer["principles"][0]["times"], 4, "{fewer}");
        acme.call::<trash::Restore>(json!({"id": others[0]}))
            .await
            .ok();
        consolidate(&acme, "identity_consolidation").await;
        let list = acme.call::<principle::List>(json!({})).await.ok();
        assert_eq!(list["principles"][0]["times"], 5, "{list}");
    }
    // It wakes up with the agent, and recall finds it.
    let woken = acme
        .call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": 2000}))
        .await
        .ok();
    let statement = list["principles"][0]["statement"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(woken["principles"], json!([statement]));
    assert!(
        woken["context"]
            .as_str()
            .unwrap()
            .contains(&format!("Principles\n- {statement}")),
        "{woken}"
    );
    let found = acme
        .call::<Recall>(json!({"query": "measure change", "kinds": ["principle"]}))
        .await
        .ok();
    assert_eq!(found["results"][0]["text"], statement.as_str(), "{found}");
    // Erasing the handoff in whose words it stands takes the words out of it at once.
    let stated = first_handoff(&server, &statement, &ids, &acme).await;
    acme.call::<handoff::Delete>(json!({"id": stated, "erase": true}))
        .await
        .ok();
    let everything = acme
        .call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": 2000}))
        .await
        .text
        + &acme.call::<principle::List>(json!({})).await.text
        + &acme
            .call::<Recall>(json!({"query": "measure change"}))
            .await
            .text;
    assert!(!everything.contains(&stated), "{everything}");
    consolidate(&acme, "all").await;
    let list = acme.call::<principle::List>(json!({})).await.ok();
    assert_eq!(
        list["principles"][0]["times"], 4,
        "what rested on it is grouped again: {list}"
    );
}

/// The handoff in which a statement stands.
async fn first_handoff(_: &Server, statement: &str, ids: &[String], client: &Client) -> String {
    for id in ids {
        let handoff = client.call::<handoff::Get>(json!({"id": id})).await;
        if handoff
            .text
            .contains(&format!("\"becoming\":\"{statement}\""))
        {
            return id.clone();
        }
    }
    panic!("{statement} stands in none");
}

#[tokio::test]
async fn a_change_of_direction_is_noticed() {
    let server = Server::start().await;
    let acme = server.tenant("acme").await;
    for n in 0..12 {
        let text = if n < 8 {
            "I keep every promise to users"
        } else {
            "I explore new database engines"
        };
        hand_over(
            &acme,
            &format!("old{n}"),
            json!({"becoming": text, "story": format!("Old {n} of {}.", n * 7)}),
        )
        .await;
        let text = if n < 2 {
            "I keep every promise to users"
        } else {
            "I explore new database engines"
        };
        hand_over(
            &acme,
            &format!("new{n}"),
            json!({"becoming": text, "story": format!("New {n} of {}.", n * 5)}),
        )
        .await;
    }
    age(&server, "old%", 200).await;
    consolidate(&acme, "identity_consolidation").await;
    let list = acme.call::<principle::List>(json!({})).await.ok();
    let trend = |about: &str| {
        let all = list["principles"].as_array().unwrap();
        all.iter()
            .find(|p| p["statement"].as_str().unwrap().contains(about))
            .unwrap()["trend"]
            .clone()
    };
    assert_eq!(
        (trend("promise"), trend("database")),
        (json!("fading"), json!("growing")),
        "{list}"
    );
    // What grows comes first.
    let woken = acme
        .call::<wake::Up>(json!({"with_whom": "Ada", "max_tokens": 3000}))
        .await
        .ok();
    assert_eq!(
        woken["principles"],
        json!([
            "I explore new database engines",
            "I keep every promise to users"
        ])
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

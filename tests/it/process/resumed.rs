//! kill -9 in the middle of each step of consolidation: what comes of it is what comes of a run that nobody disturbed.

use crate::support::process::Running;
use crate::support::years::{export, mixed};
use crate::support::{Client, scratch, until};
use agent_memory::{consolidation, edit, handoff, principle, reflection};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::path::Path;

/// How often each step is killed; the full exercise is 5.
fn kills() -> u64 {
    std::env::var("AGENT_MEMORY_TEST_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1)
}

const STEPS: [&str; 6] = [
    "deduplication",
    "identity_consolidation",
    "handoff_compression",
    "decision_archival",
    "reflection",
    "forgetting",
];

/// A server whose clock goes thirty times as fast since the test `began`: what it leaves undone is taken up after two seconds.
fn start(home: &Path, began: DateTime<Utc>) -> Running {
    let at = began + (Utc::now() - began) * 30;
    let clock = format!("{} x30", at.to_rfc3339_opts(SecondsFormat::Secs, true));
    Running::start(home, |command| {
        command
            .env("AGENT_MEMORY_CLOCK", &clock)
            .env("CONSOLIDATION_SCHEDULE", "0 0 1 1 *");
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_is_killed_goes_on_where_it_was() {
    let home = scratch("resumed").join("data");
    let began_at = Utc::now();
    let running = start(&home, began_at);
    let life = export(1500);
    for tenant in ["calm", "killed"] {
        let client = Client::new(&running.url).tenant(tenant);
        client
            .raw(
                "POST",
                "/api/v1/import",
                Some(life.clone().into_bytes()),
                "application/x-ndjson",
            )
            .await
            .ok();
    }
    // How often words occur is written down within a second, or when a server stops: a kill may cost that much of the counts.
    running.stop();
    let mut running = start(&home, began_at);
    let mut killed = 0;
    for (place, step) in STEPS.iter().enumerate() {
        let calm = Client::new(&running.url).tenant("calm");
        let began = std::time::Instant::now();
        calm.call::<consolidation::Run>(json!({"job_type": step}))
            .await
            .ok();
        let took = began.elapsed();
        let client = Client::new(&running.url).tenant("killed");
        let going = tokio::spawn(async move {
            client
                .try_raw(
                    "POST",
                    "/api/v1/consolidation/run",
                    Some(json!({"job_type": step}).to_string().into_bytes()),
                    "application/json",
                )
                .await
        });
        for round in 0..kills() {
            // Somewhere in what it takes.
            let share = mixed(place as u64 * 100 + round + 7) % 100;
            tokio::time::sleep(took * share as u32 / 100).await;
            running.child.kill().unwrap();
            running.child.wait().unwrap();
            killed += 1;
            let next = home.clone();
            running = tokio::task::spawn_blocking(move || start(&next, began_at))
                .await
                .unwrap();
        }
        let _ = going.await.unwrap();
        let client = Client::new(&running.url).tenant("killed");
        until("the step to be done", 60, async || {
            let status = client.call::<consolidation::Status>(json!({})).await.ok();
            status["state"] == "idle"
        })
        .await;
        // Whether the run was begun before the kill, or the request never came so far: it is done by now, or is done now.
        client
            .call::<consolidation::Run>(json!({"job_type": step}))
            .await
            .ok();
    }
    let [calm, disturbed] = [
        state(&running, "calm").await,
        state(&running, "killed").await,
    ];
    println!("{killed} kills; {} things compared", calm.len());
    assert!(calm.len() > 1500);
    let only = |a: &[String], b: &[String]| -> Vec<String> {
        a.iter().filter(|line| !b.contains(line)).cloned().collect()
    };
    let (missing, more) = (only(&calm, &disturbed), only(&disturbed, &calm));
    assert!(
        missing.is_empty() && more.is_empty() && calm.len() == disturbed.len(),
        "undisturbed only: {missing:#?}, disturbed only: {more:#?}"
    );
}

/// Everything that consolidation makes, without what differs between any two tenants.
async fn state(running: &Running, tenant: &str) -> Vec<String> {
    let client = Client::new(&running.url).tenant(tenant);
    let mut all = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let mut page = json!({"limit": 100});
        if cursor.is_string() {
            page["cursor"] = cursor;
        }
        let page = client.call::<handoff::List>(page).await.ok();
        for handoff in page["handoffs"].as_array().unwrap() {
            all.push(format!(
                "{} {} {}",
                handoff["session_id"], handoff["compression_level"], handoff["compressed"]
            ));
        }
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    let principles = client
        .call::<principle::List>(json!({"limit": 100}))
        .await
        .ok();
    let mut stated: Vec<String> = principles["principles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| format!("{} {} {}", p["times"], p["statement"], p["trend"]))
        .collect();
    stated.sort();
    all.extend(stated);
    for period in ["day", "week", "month"] {
        let list = client
            .call::<reflection::List>(json!({"period": period, "limit": 100}))
            .await
            .ok();
        all.extend(
            list["reflections"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["text"].to_string()),
        );
    }
    let edits = client.call::<edit::List>(json!({"limit": 100})).await.ok();
    let mut targets: Vec<String> = edits["edits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| format!("{} {}", edit["target_id"], edit["op"]))
        .collect();
    targets.sort();
    all.extend(targets);
    all
}

//! kill -9 in the middle of each step of consolidation: what comes of it is what comes of a run that nobody disturbed.

use crate::support::process::Running;
use crate::support::years::{export, mixed};
use crate::support::{Client, scratch, until};
use agent_memory::{consolidation, decision, edit, handoff, principle, reflection, tenant, wake};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::path::Path;

/// In how many lives each step is killed; the full exercise is 5.
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
    let life = [export(1500), decisions()];
    let tenants: Vec<String> = (0..kills()).map(|n| format!("killed{n}")).collect();
    for tenant in std::iter::once("calm").chain(tenants.iter().map(String::as_str)) {
        let client = Client::new(&running.url).tenant(tenant);
        for export in life.clone() {
            let body = Some(export.into_bytes());
            client
                .raw("POST", "/api/v1/import", body, "application/x-ndjson")
                .await
                .ok();
        }
        let own = json!({"tenant_id": tenant, "consolidation": {"forget_below": 0.001}});
        client.call::<tenant::Update>(own).await.ok();
    }
    // How often words occur is written down within a second, or when a server stops: a kill may cost that much of the counts.
    running.stop();
    let mut running = start(&home, began_at);
    let (mut killed, mut in_the_middle) = (0, 0);
    for (place, step) in STEPS.iter().enumerate() {
        let run = json!({"job_type": step});
        let calm = Client::new(&running.url).tenant("calm");
        let began = std::time::Instant::now();
        calm.call::<consolidation::Run>(run.clone()).await.ok();
        let took = began.elapsed();
        for (round, tenant) in (0..).zip(&tenants) {
            let client = Client::new(&running.url).tenant(tenant);
            let body = Some(run.to_string().into_bytes());
            let going = tokio::spawn(async move {
                client
                    .try_raw(
                        "POST",
                        "/api/v1/consolidation/run",
                        body,
                        "application/json",
                    )
                    .await
            });
            // Somewhere in what it takes.
            let share = mixed(place as u64 * 100 + round + 7) % 100;
            tokio::time::sleep(took * share as u32 / 100).await;
            running.child.kill().unwrap();
            running.child.wait().unwrap();
            let _ = going.await.unwrap();
            killed += 1;
            let next = home.clone();
            running = tokio::task::spawn_blocking(move || start(&next, began_at))
                .await
                .unwrap();
            let client = Client::new(&running.url).tenant(tenant);
            let state = async || {
                client.call::<consolidation::Status>(json!({})).await.ok()["state"].clone()
            };
            in_the_middle += i32::from(state().await != "idle");
            until("the step to be done", 60, async || state().await == "idle").await;
            // Where the kill came before the run was begun, it is done now; else this does nothing.
            client.call::<consolidation::Run>(run.clone()).await.ok();
        }
    }
    let calm = state(&running, "calm").await;
    println!(
        "{killed} kills, {in_the_middle} of them in the middle; {} things compared",
        calm.len()
    );
    assert!(calm.len() > 1000);
    for tenant in &tenants {
        let disturbed = state(&running, tenant).await;
        let only = |a: &[String], b: &[String]| -> Vec<String> {
            a.iter().filter(|line| !b.contains(line)).cloned().collect()
        };
        let (missing, more) = (only(&calm, &disturbed), only(&disturbed, &calm));
        assert!(
            missing.is_empty() && more.is_empty() && calm.len() == disturbed.len(),
            "undisturbed only: {missing:#?}, disturbed only: {more:#?}"
        );
    }
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
    let woken = json!({"with_whom": "Ada", "max_tokens": 20000});
    let woken = client.call::<wake::Up>(woken).await.ok();
    all.push(woken["recent_decisions"].to_string());
    all.push(
        client
            .call::<decision::List>(json!({"limit": 100}))
            .await
            .ok()["count"]
            .to_string(),
    );
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

/// An export of forty decisions over 400 days.
fn decisions() -> String {
    let now = Utc::now();
    let header = json!({"format": "agent-memory/1", "tenant_id": "life", "export_date": now});
    let decision = |n: i64| {
        let at = now - chrono::Duration::days(400 - n * 10);
        let item = json!({
            "decision_id": format!("dec_{:012x}7{n:019x}", at.timestamp_millis()), "tenant_id": "life", "decision": format!("Decision number {n}."),
            "rationale": [], "constraints": [], "alternatives": [], "consequences": [], "refs": [], "scope": "project", "project_path": null,
            "pinned": n % 7 == 0, "status": "active", "supersedes": null, "superseded_by": null, "created_at": at,
        });
        format!("{{\"kind\":\"decision\",\"item\":{item}}}\n")
    };
    let all: String = (0..40).map(decision).collect();
    format!("{header}\n{all}{{\"kind\":\"end\",\"counts\":{{\"decisions\":40}}}}\n")
}

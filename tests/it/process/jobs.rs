//! `jobs` and `maintain`, and what happens after a server was down for days.

use crate::support::process::{Running, program};
use crate::support::{Client, scratch, until};
use agent_memory::handoff;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

fn run(home: &Path, arguments: &[&str], clock: &str) -> Output {
    Command::new(program())
        .arg("--data-dir")
        .arg(home)
        .args(arguments)
        .env_remove("DATABASE_URL")
        .env_remove("PGHOST")
        .env("AGENT_MEMORY_CLOCK", clock)
        .output()
        .unwrap()
}

#[track_caller]
fn json_of(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_days_of_downtime_a_run_is_made_up_for_once_and_commands_tell_of_it() {
    let home = scratch("jobs").join("data");
    // The database is made today: nothing was due before.
    let today = chrono::Utc::now().date_naive();
    let day = |n: u64, hour: u32| format!("{}T{hour:02}:00:00Z", today + chrono::Days::new(n));
    let start = |clock: String| {
        Running::start(&home, |command| {
            command.env("AGENT_MEMORY_CLOCK", clock);
        })
    };
    let running = start(String::new());
    let client = Client::new(&running.url);
    for n in 0..3 {
        let body = json!({"session_id": format!("s{n}"), "with_whom": "Ada", "story": format!("The walrus moved {n} times."), "becoming": "I keep promises"});
        client.call::<handoff::Create>(body).await.ok();
    }
    let history = |clock: &str| {
        json_of(&run(
            &home,
            &["jobs", "history", "consolidation", "--json"],
            clock,
        ))["runs"]
            .clone()
    };
    // It came into being today: nothing of it was due before.
    assert_eq!(history(""), json!([]));
    let listed = json_of(&run(&home, &["jobs", "list", "--json"], &day(1, 12)));
    let consolidation = &listed["jobs"][0];
    assert_eq!(
        (
            &consolidation["job"],
            &consolidation["schedule"],
            &consolidation["last"]
        ),
        (&json!("consolidation"), &json!("0 2 * * *"), &Value::Null)
    );
    assert_eq!(consolidation["next"], day(2, 2), "{consolidation}");
    running.stop();

    // Ten nights later.
    let running = start(day(11, 12));
    until("the run that was missed", 60, async || {
        history(&day(11, 12))[0]["state"] == "done"
    })
    .await;
    let runs = history(&day(11, 12));
    assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
    assert_eq!(
        (&runs[0]["scheduled_at"], &runs[0]["trigger"]),
        (&json!(day(11, 2)), &json!("schedule"))
    );
    assert_eq!(
        runs[0]["result"]["identity_consolidation"]["details"]["principles"], 1,
        "{runs}"
    );

    // By hand, beside the server.
    let done = json_of(&run(
        &home,
        &["jobs", "run", "consolidation", "--json"],
        &day(11, 13),
    ));
    assert_eq!(done["runs"][0]["tenant_id"], "default", "{done}");
    let told = run(
        &home,
        &["jobs", "run", "consolidation", "--tenant", "default"],
        &day(11, 14),
    );
    assert_eq!(
        String::from_utf8_lossy(&told.stdout).trim(),
        "default: nothing to do"
    );
    let told = run(&home, &["jobs", "history"], &day(11, 14));
    assert!(
        String::from_utf8_lossy(&told.stdout).contains("consolidation"),
        "{told:?}"
    );
    for (arguments, code, says) in [
        (
            vec!["jobs", "run", "consolidations"],
            66,
            "there are consolidation",
        ),
        (
            vec!["jobs", "run", "consolidation", "--tenant", "nobody"],
            66,
            "tenants list",
        ),
        (
            vec!["jobs", "run", "housekeeping", "--tenant", "default"],
            78,
            "leave --tenant out",
        ),
        (
            vec!["jobs", "history", "no_such"],
            66,
            "there are consolidation",
        ),
    ] {
        let refused = run(&home, &arguments, &day(11, 14));
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(
            refused.status.code() == Some(code) && said.contains(says),
            "{arguments:?}: {:?} {said}",
            refused.status
        );
    }
    running.stop();

    // And with nobody serving: what a guide asks for each month.
    let lines = json_of(&run(
        &home,
        &["maintain", "monthly", "--json"],
        &day(11, 15),
    ));
    let about: Vec<&str> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["about"].as_str().unwrap())
        .collect();
    for what in [
        "health",
        "errors",
        "jobs",
        "growth",
        "slow queries",
        "vacuum",
        "backups",
        "secrets",
        "performance",
        "updates",
    ] {
        assert!(about.contains(&what), "{what} in {about:?}");
    }
    let vacuumed = lines
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| line["about"] == "vacuum")
        .count();
    assert!(vacuumed > 10, "every table: {vacuumed}");
    let told = run(&home, &["maintain", "daily"], &day(11, 15));
    let told = String::from_utf8_lossy(&told.stdout);
    assert!(
        told.starts_with("ok    health: the database answers") && !told.contains("vacuum"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_turned_off_is_not_due() {
    let home = scratch("jobs-off").join("data");
    let today = chrono::Utc::now().date_naive();
    let noon = format!("{}T12:00:00Z", today + chrono::Days::new(1));
    let running = Running::start(&home, |command| {
        command.env("AGENT_MEMORY_CLOCK", &noon);
    });
    Client::new(&running.url)
        .call::<handoff::Create>(json!({"session_id": "s", "with_whom": "Ada", "story": "x"}))
        .await
        .ok();
    running.stop();
    let later = format!("{}T12:00:00Z", today + chrono::Days::new(5));
    let running = Running::start(&home, |command| {
        command
            .env("AGENT_MEMORY_CLOCK", &later)
            .env("CONSOLIDATION_ENABLED", "false");
    });
    // Another job of the same night was made up for by now, and this one was not.
    let runs = || json_of(&run(&home, &["jobs", "history", "--json"], &later))["runs"].clone();
    until("the night's maintenance", 60, async || {
        runs()
            .as_array()
            .unwrap()
            .iter()
            .any(|run| run["job"] == "maintain_daily" && run["state"] == "done")
    })
    .await;
    // What came due before, while it was on, may have been put into the queue in that moment.
    let since = |run: &&Value| run["scheduled_at"].as_str().unwrap() > noon.as_str();
    let of_consolidation = |run: &Value| run["job"] == "consolidation";
    let runs = runs();
    let all = runs.as_array().unwrap();
    assert!(!all.iter().filter(since).any(of_consolidation), "{runs}");
    let status = Client::new(&running.url)
        .get("/api/v1/consolidation/status")
        .await
        .ok();
    assert_eq!(
        (&status["enabled"], &status["next_run"]),
        (&json!(false), &Value::Null)
    );
}

//! Three servers on one database behind PgBouncer, their clocks minutes apart, two of them killed again and again, over both changes of
//! daylight saving time: what is due runs once, and nothing is missed.

use crate::support::process::Running;
use crate::support::years::mixed;
use crate::support::{external, scratch, until};
use agent_memory::db::{Connection, Sql};
use agent_memory::jobs::Schedule;
use chrono::{DateTime, Duration, Utc};
use std::collections::HashMap;
use std::time::Instant;

const DATABASE: &str = "replicas";
const ZONE: &str = "Europe/Berlin";
const SCHEDULE: &str = "*/4 * * * *";
const TENANTS: [&str; 4] = ["ada", "bob", "cyd", "dan"];
/// How much faster than time the clocks go.
const RATE: i64 = 1200;

/// A server whose clock shows what it was to show at the beginning, and the time that has passed since, times the rate.
fn start(number: usize, base: DateTime<Utc>, began: Instant, skew: Duration) -> Running {
    let at = base + Duration::milliseconds(began.elapsed().as_millis() as i64 * RATE) + skew;
    let clock = format!(
        "{} x{RATE}",
        at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    );
    Running::start(
        &scratch(&format!("replica{number}")).join("data"),
        |command| {
            external::environment(command, external::bouncer(), DATABASE);
            command
                .env(
                    "ENCRYPTION_KEY_FILE",
                    scratch("replicas").join("encryption-key"),
                )
                .env("PGPOOL_MODE", "transaction")
                .env("AGENT_MEMORY_CLOCK", clock)
                .env("CONSOLIDATION_SCHEDULE", SCHEDULE)
                .env("CONSOLIDATION_TIMEZONE", ZONE);
        },
    )
}

async fn count(connection: &Connection, sql: &'static Sql) -> i64 {
    connection.query(sql, &[]).await.unwrap()[0].get(0)
}

static OPEN: Sql = Sql {
    name: "open",
    text: "select count(*) from job_runs where job = 'consolidation' and state in ('waiting', 'running')",
};
static RUNS: Sql = Sql {
    name: "runs",
    text: "select tenant_id, scheduled_at, state from job_runs where job = 'consolidation'",
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_runs_once_whoever_is_killed_and_whatever_the_clocks_say() {
    let superuser = tokio::task::spawn_blocking(|| {
        external::target(external::port(), "postgres", "postgres", "require", true)
    })
    .await
    .unwrap();
    let admin = superuser.connect().await.unwrap();
    let role = format!(
        "do $$ begin if not exists (select from pg_roles where rolname = 'agent_memory_user') then create role agent_memory_user login password '{}'; end if; end $$",
        external::PASSWORD
    );
    admin.batch(&role).await.unwrap();
    admin
        .batch(&format!(
            "create database {DATABASE} owner agent_memory_user"
        ))
        .await
        .unwrap();
    let database = superuser.with_database(DATABASE).connect().await;
    let database = database.unwrap();
    let skews = [-5, 0, 5].map(Duration::minutes);
    let mut kills = 0;
    let mut due = 0;
    for (phase, base) in ["2027-03-27T23:50:00Z", "2027-10-30T23:50:00Z"]
        .into_iter()
        .enumerate()
    {
        let base: DateTime<Utc> = base.parse().unwrap();
        let began = Instant::now();
        let mut servers: Vec<Running> = Vec::new();
        for (number, skew) in skews.into_iter().enumerate() {
            servers.push(
                tokio::task::spawn_blocking(move || start(number, base, began, skew))
                    .await
                    .unwrap(),
            );
        }
        if phase == 0 {
            for tenant in TENANTS {
                let client = crate::support::Client::new(&servers[0].url).tenant(tenant);
                let body = serde_json::json!({"session_id": "s", "with_whom": "Ada", "becoming": "I keep promises"});
                client
                    .call::<agent_memory::handoff::Create>(body)
                    .await
                    .ok();
            }
            // They came into being long before anything was due.
            database.batch("update tenants set created_at = '2026-01-01'; update schema_migrations set applied_at = '2026-01-01'").await.unwrap();
        }
        // From here on everything counts: also for who is behind. A list of tenants holds for half a minute of the clock.
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        let from =
            base + Duration::milliseconds(began.elapsed().as_millis() as i64 * RATE) + skews[2];
        // As long whatever the start took.
        let until_when = from + Duration::minutes(550);
        let spared = mixed(phase as u64 + 40) as usize % 3;
        let now = || base + Duration::milliseconds(began.elapsed().as_millis() as i64 * RATE);
        let mut round = 0u64;
        while now() < until_when {
            tokio::time::sleep(std::time::Duration::from_millis(
                300 + mixed(round + 90) % 1500,
            ))
            .await;
            let victim = (spared + 1 + (mixed(round + 5) % 2) as usize) % 3;
            servers[victim].child.kill().unwrap();
            servers[victim].child.wait().unwrap();
            kills += 1;
            round += 1;
            servers[victim] =
                tokio::task::spawn_blocking(move || start(victim, base, began, skews[victim]))
                    .await
                    .unwrap();
        }
        // The one that was spared has seen its clock come so far; what it left in the queue is done by all.
        let to = now() + skews[spared] - Duration::minutes(2);
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        let schedule = Schedule::parse(SCHEDULE, ZONE).unwrap();
        let instants = schedule.between(from, to);
        until("the queue to be worked off", 60, async || {
            let rows = database.query(&RUNS, &[]).await.unwrap();
            let mut found: HashMap<(String, DateTime<Utc>), String> = HashMap::new();
            for row in &rows {
                found.insert((row.get(0), row.get(1)), row.get(2));
            }
            TENANTS.iter().all(|tenant| {
                instants.iter().all(|at| {
                    found
                        .get(&((*tenant).to_owned(), *at))
                        .is_some_and(|state| state == "done")
                })
            })
        })
        .await;
        due += instants.len() * TENANTS.len();
        drop(servers);
    }
    // Done once each: a row is one run, and no server says of one that it did it when another did.
    let mut said: HashMap<String, usize> = HashMap::new();
    for number in 0..3 {
        let log =
            std::fs::read_to_string(scratch(&format!("replica{number}")).join("data.log")).unwrap();
        for line in log
            .lines()
            .filter(|line| line.contains("is done in") && line.contains("consolidation"))
        {
            let run = line
                .split("consolidation of")
                .nth(1)
                .unwrap()
                .split(" is done")
                .next()
                .unwrap()
                .to_owned();
            *said.entry(run).or_default() += 1;
        }
    }
    let twice: Vec<_> = said.iter().filter(|(_, times)| **times > 1).collect();
    let left = count(&database, &OPEN).await;
    println!(
        "{due} due runs done once each under {kills} kills; {} of them were told in the logs; {left} later ones still open",
        said.len()
    );
    assert!(twice.is_empty(), "{twice:?}");
    assert!(due >= 1000, "{due}");
}

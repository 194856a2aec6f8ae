//! Servers that share a database, a read replica and a Redis: whoever reads sees what he wrote, whichever server answers.

use crate::support::process::{Running, keep, signal};
use crate::support::{Client, as_nobody_special, external, free_port, scratch, until};
use agent_memory::db::Sql;
use serde_json::json;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Writers and readers, each of a tenant of its own.
const CALLERS: usize = 16;

async fn servers(
    name: &'static str,
    port: u16,
    number: usize,
    more: Vec<(&'static str, String)>,
) -> Vec<Running> {
    let start = move || {
        (0..number)
            .map(|one| {
                Running::start(&scratch(name).join(format!("data{one}")), |command| {
                    external::environment(command, port, "agent_memory");
                    command
                        .env("ENCRYPTION_KEY_FILE", scratch(name).join("encryption-key"))
                        .env("BACKUP_ENABLED", "false")
                        .envs(more.clone());
                })
            })
            .collect()
    };
    tokio::task::spawn_blocking(start).await.unwrap()
}

/// Each caller writes through one server and reads through another, again and again, with the token of its write or without one; how
/// many requests that were.
async fn mixed(servers: &[Running], rounds: usize, tokens: bool) -> usize {
    // FRESH_TIMES=26 makes them the hundred thousand requests of the whole trial.
    let times = std::env::var("FRESH_TIMES").map_or(1, |times| times.parse().unwrap());
    let rounds = rounds * times;
    let asked = AtomicUsize::new(0);
    let callers = (0..CALLERS).map(async |caller| {
        let tenant = format!("caller-{caller}");
        for round in 0..rounds {
            let at = |shift: usize| {
                let server = &servers[(caller + round + shift) % servers.len()];
                Client::new(&server.url).tenant(&tenant)
            };
            let (writer, mut reader) = (at(0), at(1));
            let said = format!("caller {caller} round {round} was here");
            let body =
                json!({"session_id": "s", "with_whom": "Ada", "becoming": said, "remember": said});
            let wrote = writer.call::<agent_memory::handoff::Create>(body).await;
            let token = wrote.header("x-memory-token").to_owned();
            wrote.ok();
            if tokens {
                reader = reader.with("x-memory-token", &token);
            }
            // Three reads: the second may be given from a cache.
            for read in 0..3 {
                let reply = match read {
                    0 | 1 => reader.get("/api/v1/wake-up?with_whom=Ada").await,
                    _ => {
                        let question = json!({"query": said, "limit": 1});
                        reader.post("/api/v1/recall", question.to_string()).await
                    }
                };
                assert_eq!(reply.status, 200, "{}", reply.text);
                assert!(
                    reply.text.contains(&said),
                    "read {read}: {said} is not in {}",
                    reply.text
                );
            }
            asked.fetch_add(4, Ordering::Relaxed);
        }
    });
    futures_util::future::join_all(callers).await;
    asked.into_inner()
}

static READS: Sql = Sql {
    name: "reads",
    text: "select xact_commit from pg_stat_database where datname = 'agent_memory'",
};

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_answers_what_it_has_and_the_primary_the_rest() {
    let (port, _, _admin) = external::guide("fresh").await;
    // It lags by so much that most reads come too early, and some do not.
    let (replica, data) = tokio::task::spawn_blocking(move || {
        external::standby("fresh-standby", port, "recovery_min_apply_delay = 5")
    })
    .await
    .unwrap();
    let child = tokio::task::spawn_blocking(move || external::run(&data, replica))
        .await
        .unwrap();
    let pid = child.id();
    keep(child);
    let more = vec![
        ("PGREPLICA_HOST", "127.0.0.1".to_owned()),
        ("PGREPLICA_PORT", replica.to_string()),
        ("CACHE_MIB", "0".to_owned()),
    ];
    let servers = servers("fresh-servers", port, 2, more).await;
    let watch = external::target(replica, "postgres", "postgres", "require", true);
    let watch = watch.connect().await.unwrap();
    let before: i64 = watch.query(&READS, &[]).await.unwrap()[0].get(0);
    let asked = mixed(&servers, 60, true).await + mixed(&servers, 10, false).await;
    let mut reads = 0;
    until("the replica to count its reads", 20, async || {
        reads = watch.query(&READS, &[]).await.unwrap()[0].get::<_, i64>(0) - before;
        reads > 100
    })
    .await;
    println!("{asked} requests; {reads} transactions on the replica");
    signal(pid, "KILL");
    mixed(&servers, 5, true).await;
}

/// A Redis of its own: its port and its process.
fn redis(home: &Path) -> (u16, u32) {
    let port = free_port();
    let child = as_nobody_special("redis-server")
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ])
        .arg("--dir")
        .arg(home)
        .stdout(Stdio::null())
        .spawn()
        .expect("apt-get install redis-server");
    let pid = child.id();
    keep(child);
    (port, pid)
}

fn redis_cli(port: u16, words: &[&str]) -> String {
    let output = std::process::Command::new("redis-cli")
        .args(["-p", &port.to_string()])
        .args(words)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_servers_share_through_redis_is_never_older_than_what_was_written() {
    let (port, _, _admin) = external::guide("fresh-cache").await;
    let (redis_port, pid) = redis(&scratch("fresh-redis"));
    until("Redis", 10, async || {
        redis_cli(redis_port, &["ping"]).contains("PONG")
    })
    .await;
    let more = vec![("REDIS_URL", format!("redis://127.0.0.1:{redis_port}/0"))];
    let servers = servers("fresh-cached", port, 3, more).await;
    mixed(&servers, 20, false).await;
    mixed(&servers, 20, true).await;
    // Nobody writes: the second to ask is answered from what the first left. Only who says what he wrote is.
    let writer = Client::new(&servers[0].url).tenant("caller-0");
    let body = json!({"session_id": "s", "with_whom": "Ada", "remember": "caller 0 was here"});
    let wrote = writer.call::<agent_memory::handoff::Create>(body).await;
    let token = wrote.header("x-memory-token").to_owned();
    wrote.ok();
    let ask = async |server: &Running| {
        let client = Client::new(&server.url).tenant("caller-0");
        let client = client.with("x-memory-token", &token);
        client.get("/api/v1/wake-up?with_whom=Ada").await.text
    };
    let hits = || {
        let stats = redis_cli(redis_port, &["info", "stats"]);
        let line = stats.lines().find(|line| line.starts_with("keyspace_hits"));
        let number = line.unwrap().split(':').nth(1).unwrap();
        number.trim().parse::<u64>().unwrap()
    };
    // A moment after both heard of the token, one gives what the other read; before, neither asks Redis.
    let before = hits();
    until("a shared reply", 20, async || {
        let first = ask(&servers[0]).await;
        assert!(first.contains("caller 0 was here"));
        assert_eq!(first, ask(&servers[1]).await);
        hits() > before
    })
    .await;
    // What Redis holds says nothing to whoever reads it there.
    let keys = redis_cli(redis_port, &["keys", "*reply*"]);
    assert!(!keys.trim().is_empty());
    for key in keys.lines() {
        assert!(!redis_cli(redis_port, &["get", key]).contains("was here"));
    }
    redis_cli(redis_port, &["config", "set", "maxmemory", "1mb"]);
    mixed(&servers, 3, true).await;
    signal(pid, "STOP");
    mixed(&servers, 3, true).await;
    signal(pid, "CONT");
    mixed(&servers, 3, true).await;
    signal(pid, "KILL");
    mixed(&servers, 3, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_beside_the_server_writes_and_the_server_knows() {
    let home = scratch("fresh-beside").join("data");
    let server = Running::start(&home, |_| {});
    let client = Client::new(&server.url);
    for round in 0..5 {
        let before = client.get("/api/v1/wake-up?with_whom=Ada").await;
        assert_eq!(before.status, 200);
        let said = format!("written beside it, {round}");
        let home = home.clone();
        let words = said.clone();
        tokio::task::spawn_blocking(move || {
            let mut command = crate::support::process::on(
                &home,
                &[
                    "call",
                    "handoff_create",
                    "--session-id",
                    "s",
                    "--with-whom",
                    "Ada",
                    "--remember",
                    &words,
                ],
            );
            crate::support::process::works(&mut command);
        })
        .await
        .unwrap();
        let after = client.get("/api/v1/wake-up?with_whom=Ada").await.text;
        assert!(after.contains(&said), "{after}");
    }
}

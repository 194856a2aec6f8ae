//! kill -9 of the server, the postmaster and a backend, in turn, under load: what was acknowledged is there, once.

use crate::support::process::{Running, signal};
use crate::support::{Client, scratch, until};
use agent_memory::handoff;
use serde_json::json;
use std::collections::HashMap;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How many kills; the full exercise is 40.
fn kills() -> usize {
    std::env::var("AGENT_MEMORY_TEST_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(9)
}

#[derive(Default)]
struct Load {
    url: Mutex<String>,
    stop: AtomicBool,
    /// Acknowledged writes: session_id -> handoff_id.
    acknowledged: Mutex<HashMap<String, String>>,
}

/// What a client hears while the database is away: come back, and when.
fn turned_away(reply: &crate::support::Reply) {
    assert!(
        reply.status == 503 || reply.status == 504,
        "{}: {}",
        reply.status,
        reply.text
    );
    assert!(
        reply.status == 504 || reply.header("retry-after") == "1",
        "{}",
        reply.text
    );
}

/// One client without keys that never repeats: what it was told is stored has to be there.
async fn plain(load: Arc<Load>, number: usize) {
    let mut n = 0;
    while !load.stop.load(Ordering::Relaxed) {
        n += 1;
        let session = format!("p{number}-{n}");
        let body = json!({"session_id": session, "with_whom": "Ada", "story": "x"})
            .to_string()
            .into_bytes();
        let url = load.url.lock().unwrap().clone();
        match Client::new(&url)
            .try_raw("POST", "/api/v1/handoff", Some(body), "application/json")
            .await
        {
            Ok(reply) if reply.status == 201 => {
                let id = reply.json["handoff_id"].as_str().unwrap().to_owned();
                load.acknowledged.lock().unwrap().insert(session, id);
            }
            Ok(reply) => turned_away(&reply),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// One client: every write has a key and is repeated until it is acknowledged or the load ends.
async fn client(load: Arc<Load>, number: usize) {
    let http = Client::new("").with("idempotency-key", "unused");
    let mut n = 0;
    while !load.stop.load(Ordering::Relaxed) {
        n += 1;
        let session = format!("c{number}-{n}");
        let body = json!({"session_id": session, "with_whom": "Ada", "story": "x"})
            .to_string()
            .into_bytes();
        loop {
            let mut client = http.clone().with("idempotency-key", &session);
            client.url = load.url.lock().unwrap().clone();
            match client
                .try_raw(
                    "POST",
                    "/api/v1/handoff",
                    Some(body.clone()),
                    "application/json",
                )
                .await
            {
                Ok(reply) if reply.status == 201 => {
                    let id = reply.json["handoff_id"].as_str().unwrap().to_owned();
                    load.acknowledged.lock().unwrap().insert(session, id);
                    break;
                }
                Ok(reply) => turned_away(&reply),
                Err(_) => {}
            }
            if load.stop.load(Ordering::Relaxed) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_or_doubled() {
    let home = scratch("kills").join("data");
    let mut running = Running::start(&home, |_| {});
    let load = Arc::new(Load::default());
    *load.url.lock().unwrap() = running.url.clone();
    let mut clients: Vec<_> = (0..8)
        .map(|number| tokio::spawn(client(load.clone(), number)))
        .collect();
    clients.extend((0..4).map(|number| tokio::spawn(plain(load.clone(), number))));
    let count = || load.acknowledged.lock().unwrap().len();
    for round in 0..kills() {
        let before = count();
        until("writes to go on", 60, async || count() > before + 20).await;
        let postmaster: u32 = std::fs::read_to_string(home.join("postgres/postmaster.pid"))
            .unwrap()
            .lines()
            .next()
            .unwrap()
            .parse()
            .unwrap();
        match round % 3 {
            0 => {
                running.child.kill().unwrap();
                running.child.wait().unwrap();
                let next = home.clone();
                running = tokio::task::spawn_blocking(move || Running::start(&next, |_| {}))
                    .await
                    .unwrap();
                *load.url.lock().unwrap() = running.url.clone();
            }
            1 => signal(postmaster, "KILL"),
            _ => {
                let parent = postmaster.to_string();
                let backend = || {
                    let output = Command::new("pgrep")
                        .args(["-P", &parent, "-f", "agent_memory_user"])
                        .output()
                        .unwrap();
                    String::from_utf8_lossy(&output.stdout)
                        .lines()
                        .next()
                        .and_then(|line| line.parse().ok())
                };
                until("a backend to kill", 20, async || backend().is_some()).await;
                backend().into_iter().for_each(|pid| signal(pid, "KILL"));
            }
        }
    }
    let before = count();
    until("writes to go on after the last kill", 60, async || {
        count() > before + 20
    })
    .await;
    load.stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    let mut stored: HashMap<String, Vec<String>> = HashMap::new();
    let export = Client::new(&running.url)
        .get("/api/v1/export/all?format=ndjson")
        .await
        .text;
    for line in export
        .lines()
        .filter(|line| line.contains("\"kind\":\"handoff\""))
    {
        let item = &serde_json::from_str::<serde_json::Value>(line).unwrap()["item"];
        let of = |name: &str| item[name].as_str().unwrap().to_owned();
        stored
            .entry(of("session_id"))
            .or_default()
            .push(of("handoff_id"));
    }
    let acknowledged = load.acknowledged.lock().unwrap().clone();
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|(session, id)| !stored.get(*session).is_some_and(|ids| ids.contains(id)))
        .collect();
    let doubled: Vec<_> = stored.iter().filter(|(_, ids)| ids.len() > 1).collect();
    println!(
        "{} kills, {} acknowledged, {} lost, {} doubled",
        kills(),
        acknowledged.len(),
        lost.len(),
        doubled.len()
    );
    assert!(
        lost.is_empty() && doubled.is_empty(),
        "lost {lost:?}, doubled {doubled:?}"
    );
    assert_eq!(
        Client::new(&running.url)
            .call::<handoff::Stats>(json!({}))
            .await
            .ok()["total"],
        stored.len()
    );
}

//! Thirty-two agents claim a thousand tasks and link what they like, while the server is killed: each task is claimed once, and no
//! links close a circle.

use crate::support::process::Running;
use crate::support::years::mixed;
use crate::support::{Client, scratch, until};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const AGENTS: usize = 32;
const TASKS: usize = 1000;
/// Things to link: few, so that circles are tried all the time.
const THINGS: u64 = 40;
const KILLS: usize = 4;

#[derive(Default)]
struct Crowd {
    url: Mutex<String>,
    claimed: AtomicUsize,
    circles: AtomicUsize,
}

impl Crowd {
    /// A write, with its key, until the server answers it.
    async fn post(&self, key: &str, path: &str, body: Value) -> (u16, Value) {
        loop {
            let mut client = Client::new("").with("idempotency-key", key);
            client.url = self.url.lock().unwrap().clone();
            let body = body.to_string().into_bytes();
            let sent = client.try_raw("POST", path, Some(body), "application/json");
            match sent.await {
                Ok(reply) if reply.status < 500 => return (reply.status, reply.json),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Claims what is next until nothing is left: the ids of what it got.
    async fn agent(self: Arc<Self>, number: usize) -> Vec<String> {
        let (name, mut mine) = (format!("agent{number}"), Vec::new());
        for turn in 0.. {
            let key = format!("claim-{number}-{turn}");
            let body = json!({"agent_id": name});
            let (status, claimed) = self.post(&key, "/api/v1/tasks/claim", body).await;
            assert_eq!(status, 200, "{claimed}");
            let Some(id) = claimed["task"]["task_id"].as_str() else {
                break;
            };
            mine.push(id.to_owned());
            self.claimed.fetch_add(1, Ordering::Relaxed);
            let random = mixed((number * 10_000 + turn) as u64);
            let (from, to) = (random % THINGS, random / THINGS % THINGS);
            let kind = ["depends_on", "parent_of", "child_of"][(random / 5000 % 3) as usize];
            if from != to {
                let body = json!({"from_id": format!("n{from}"), "to_id": format!("n{to}"), "edge_type": kind});
                let key = format!("link-{number}-{turn}");
                let (status, linked) = self.post(&key, "/api/v1/edges", body).await;
                assert!([201, 409].contains(&status), "{linked}");
                let circle = linked["code"] == "edge_circle";
                self.circles
                    .fetch_add(usize::from(circle), Ordering::Relaxed);
            }
        }
        mine
    }
}

/// Every item of a list, page by page.
async fn all(client: &Client, path: &str, member: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}?limit=1000{cursor}")).await.ok();
        items.extend(page[member].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// Whether links that all point the same way close a circle: what nothing points to is taken away until nothing is left.
fn closes_a_circle(mut links: Vec<(String, String)>) -> bool {
    while !links.is_empty() {
        let ends: HashSet<String> = links.iter().map(|(_, to)| to.clone()).collect();
        let before = links.len();
        links.retain(|(from, _)| ends.contains(from));
        if links.len() == before {
            return true;
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn each_task_is_claimed_once_and_no_circle_is_closed_whatever_is_killed() {
    let home = scratch("claims").join("data");
    let mut running = Running::start(&home, |_| {});
    let crowd = Arc::new(Crowd::default());
    *crowd.url.lock().unwrap() = running.url.clone();
    let made = (0..AGENTS).map(async |number| {
        for n in (number..TASKS).step_by(AGENTS) {
            let body = json!({"title": format!("Task {n}"), "priority": n % 7});
            let key = format!("task-{n}");
            assert_eq!(crowd.post(&key, "/api/v1/tasks", body).await.0, 201);
        }
    });
    futures_util::future::join_all(made).await;
    let agents: Vec<_> = (0..AGENTS)
        .map(|number| tokio::spawn(crowd.clone().agent(number)))
        .collect();
    for round in 1..=KILLS {
        let far = TASKS * round / (KILLS + 1);
        let claimed = || crowd.claimed.load(Ordering::Relaxed);
        until("tasks to be claimed", 60, async || claimed() > far).await;
        running.child.kill().unwrap();
        running.child.wait().unwrap();
        let next = home.clone();
        running = tokio::task::spawn_blocking(move || Running::start(&next, |_| {}))
            .await
            .unwrap();
        *crowd.url.lock().unwrap() = running.url.clone();
    }
    let mut who: HashMap<String, usize> = HashMap::new();
    for (number, agent) in agents.into_iter().enumerate() {
        for id in agent.await.unwrap() {
            assert_eq!(who.insert(id, number), None, "claimed twice");
        }
    }
    assert_eq!(who.len(), TASKS);
    let client = Client::new(&running.url);
    for task in all(&client, "/api/v1/tasks", "tasks").await {
        let agent = who[task["task_id"].as_str().unwrap()];
        assert_eq!(task["claimed_by"], format!("agent{agent}"));
    }
    let links = all(&client, "/api/v1/edges", "edges").await;
    let of = |kinds: [&str; 2]| -> Vec<(String, String)> {
        let links = links
            .iter()
            .filter(|link| kinds.contains(&link["edge_type"].as_str().unwrap()));
        let ends = links.map(|link| {
            let end = |name: &str| link[name].as_str().unwrap().to_owned();
            match link["edge_type"] == "child_of" {
                true => (end("to_id"), end("from_id")),
                false => (end("from_id"), end("to_id")),
            }
        });
        ends.collect()
    };
    assert!(!closes_a_circle(of(["depends_on", "depends_on"])));
    assert!(!closes_a_circle(of(["parent_of", "child_of"])));
    let refused = crowd.circles.load(Ordering::Relaxed);
    assert!(refused > 50, "{refused} circles were tried");
    println!(
        "{TASKS} tasks claimed once each by {AGENTS} agents under {KILLS} kills; {} links, {refused} refused as circles",
        links.len()
    );
}

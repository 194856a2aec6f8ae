//! The server beside bare PostgreSQL, on the same database in the same run: cargo bench --bench load
//!
//! Each figure is the median of three rounds in which the server and pgbench take turns, so that the ratio holds when the machine's
//! speed drifts. MILLION=1 adds the run with a million handoffs; `-- access` measures what keys cost and what a noisy tenant does,
//! `-- recall` how fast events come in and are found, `-- consolidation` how long a life of 100,000 handoffs takes, `-- backup` what a backup costs,
//! `-- gateway` what it costs to go to a model through the gateway.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on says so by panicking"
)]

mod access;
mod backup;
mod consolidation;
mod gateway;
mod load;
mod place;
mod recall;
#[path = "../it/support/years.rs"]
mod years;

use load::{Figures, drive};
use place::Place;
use serde_json::json;
use std::time::Duration;

/// How long a measurement takes.
const ROUND: Duration = Duration::from_secs(4);
const ROUNDS: usize = 3;

fn handoff(connection: usize, n: u64) -> String {
    load::request("POST", "/api/v1/handoff", &handoff_body(connection, n))
}

fn handoff_body(connection: usize, n: u64) -> String {
    json!({
        "session_id": format!("bench-{connection}-{n}"), "with_whom": "Callin",
        "experienced": "Investigated the slow listing page, profiled the query plan and rewrote the join so that it uses the covering index; verified with the staging data set.",
        "noticed": "The planner chose a sequential scan whenever the filter list held more than a few hundred entries.",
        "learned": "A partial index pays off only when its predicate matches the query text literally; otherwise it is dead weight on every insert.",
        "story": "We started from a vague complaint about a slow page, found the one query behind it, and ended with a two-line change and a regression test.",
        "becoming": "An agent that measures before it changes anything", "remember": "Re-check the plan after the next bulk import.",
        "significance": 0.6, "tags": ["bench", "performance", "index"],
    })
    .to_string()
}

fn wake_up(_: usize, _: u64) -> String {
    load::request("GET", "/api/v1/wake-up?with_whom=Callin", "")
}

fn health(_: usize, _: u64) -> String {
    load::request("GET", "/health", "")
}

/// Takes turns and prints the medians and their ratio.
fn beside(
    name: &str,
    place: &Place,
    request: fn(usize, u64) -> String,
    script: &str,
    clients: u32,
) {
    let mut ours = Vec::new();
    let mut bare = Vec::new();
    for _ in 0..ROUNDS {
        ours.push(drive(&place.address, 32, ROUND, request));
        bare.push(place.pgbench(script, clients, ROUND));
    }
    ours.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    bare.sort_by(f64::total_cmp);
    let (ours, bare) = (&ours[ROUNDS / 2], bare[ROUNDS / 2]);
    println!(
        "{name:34} {ours}   pgbench {bare:>8.0}/s   ratio {:.2}   memory {:.1} MiB",
        ours.rate / bare,
        place.memory()
    );
}

fn alone(name: &str, place: &Place, request: fn(usize, u64) -> String) -> Figures {
    let mut rounds: Vec<Figures> = (0..ROUNDS)
        .map(|_| drive(&place.address, 32, ROUND, request))
        .collect();
    rounds.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let figures = rounds.swap_remove(ROUNDS / 2);
    println!("{name:34} {figures}   memory {:.1} MiB", place.memory());
    figures
}

/// Writers and readers at once: neither may stall the other.
fn together(place: &Place) {
    let mut worst = Vec::new();
    for _ in 0..ROUNDS {
        let address = place.address.clone();
        let readers = std::thread::spawn(move || drive(&address, 8, ROUND, wake_up));
        let writers = drive(&place.address, 32, ROUND, handoff);
        let readers = readers.join().unwrap();
        worst.push((writers.p99.max(readers.p99), writers, readers));
    }
    worst.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (_, writers, readers) = &worst[ROUNDS / 2];
    println!("{:34} {writers}", "32 writers beside 8 readers");
    println!("{:34} {readers}", "8 readers beside 32 writers");
}

fn main() {
    if std::env::args().any(|word| word == "--list" || word == "--test") {
        return;
    }
    if std::env::args().any(|word| word == "access") {
        return access::measure();
    }
    if std::env::args().any(|word| word == "backup") {
        return backup::measure();
    }
    if std::env::args().any(|word| word == "consolidation") {
        return consolidation::measure();
    }
    if std::env::args().any(|word| word == "gateway") {
        return gateway::measure();
    }
    if std::env::args().any(|word| word == "recall") {
        return recall::measure();
    }
    let place = Place::start();
    println!(
        "cold start {:.2} s, warm start {:.2} s, idle memory {:.1} MiB",
        place.cold,
        place.warm,
        place.memory()
    );
    place.seed(10_000);
    beside(
        "handoff_create, 10,000 handoffs",
        &place,
        handoff,
        place::WRITE,
        16,
    );
    place.analyze();
    beside(
        "wake_up, beside three plain reads",
        &place,
        wake_up,
        place::READ,
        8,
    );
    beside(
        "wake_up, beside its own statement",
        &place,
        wake_up,
        &place::own_statement(),
        8,
    );
    alone("health", &place, health);
    together(&place);
    place.seed(100_000);
    let before = place.memory();
    let bytes = load::download(&place.address, "/api/v1/export/thread");
    println!(
        "{:34} {:.0} MiB, our memory grew by {:.1} MiB",
        "export of 100,000 and more",
        bytes as f64 / 1048576.0,
        place.memory() - before
    );
    if std::env::var_os("MILLION").is_some() {
        place.start_over(10_000);
        let small = alone("wake_up at 10,000 handoffs", &place, wake_up);
        place.seed(990_000);
        place.analyze();
        let large = alone("wake_up at 1,000,000 handoffs", &place, wake_up);
        println!(
            "{:34} {:.2} times the p99 of 10,000",
            "",
            large.p99 / small.p99
        );
    }
}

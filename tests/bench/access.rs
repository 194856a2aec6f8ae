//! What keys cost, and what a tenant far beyond its limit does to another: cargo bench --bench load -- access

use super::load::{drive, paced, with_key};
use super::place::Place;
use super::{ROUND, handoff, handoff_body};
use std::process::Command;
use std::sync::OnceLock;

const ROUNDS: usize = 5;
/// Requests a second that the noisy tenant may make, and how many times that it makes.
const LIMIT: u32 = 50;
const TIMES: u32 = 50;

static QUIET: OnceLock<String> = OnceLock::new();
static NOISY: OnceLock<String> = OnceLock::new();

fn quiet(connection: usize, n: u64) -> String {
    let key = QUIET.get().unwrap();
    match n % 2 {
        0 => with_key("POST", "/api/v1/handoff", &handoff_body(connection, n), key),
        _ => with_key("GET", "/api/v1/wake-up?with_whom=Callin", "", key),
    }
}

fn guarded(connection: usize, n: u64) -> String {
    let key = QUIET.get().unwrap();
    with_key("POST", "/api/v1/handoff", &handoff_body(connection, n), key)
}

fn noisy(connection: usize, n: u64) -> String {
    let key = NOISY.get().unwrap();
    with_key("POST", "/api/v1/handoff", &handoff_body(connection, n), key)
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// Both measurements, each in turns.
pub fn measure() {
    let open = Place::start();
    let keyed = Place::start_with(&[("API_AUTH_ENABLED", "true")]);
    let command = |words: &[&str]| -> serde_json::Value {
        let output = Command::new(env!("CARGO_BIN_EXE_agent-memory"))
            .arg("--data-dir")
            .arg(keyed.home())
            .args(words)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"))
    };
    let key = |tenant: &str| {
        let made = command(&["keys", "create", "--tenant", tenant, "--access", "write"]);
        made["key"].as_str().unwrap().to_owned()
    };
    QUIET.set(key("quiet")).unwrap();
    let limit = LIMIT.to_string();
    command(&[
        "tenants",
        "create",
        "noisy",
        "--requests-per-second",
        &limit,
    ]);
    NOISY.set(key("noisy")).unwrap();

    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(drive(&open.address, 32, ROUND, handoff).rate);
        with.push(drive(&keyed.address, 32, ROUND, guarded).rate);
    }
    let (with, without) = (median(with), median(without));
    println!(
        "{:34} {with:.0}/s with keys, {without:.0}/s without: {:.2}",
        "handoff_create, 32 connections",
        with / without
    );

    // 400 requests a second of one tenant, half of them writes; the other sends 50 times what it may.
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let mut refused = 0;
    for _ in 0..ROUNDS {
        alone.push(paced(&keyed.address, 8, Some(50.0), ROUND, quiet).p99);
        let address = keyed.address.clone();
        let rate = f64::from(LIMIT * TIMES) / 16.0;
        let noise = std::thread::spawn(move || paced(&address, 16, Some(rate), ROUND, noisy));
        beside.push(paced(&keyed.address, 8, Some(50.0), ROUND, quiet).p99);
        let noise = noise.join().unwrap();
        refused = noise.failed;
        println!(
            "  round: {:.2} ms alone, {:.2} ms beside {:.0} requests a second, {:.0} of them let in",
            alone[alone.len() - 1],
            beside[beside.len() - 1],
            noise.rate + noise.failed as f64 / ROUND.as_secs_f64(),
            noise.rate
        );
    }
    assert!(refused > 0, "the noisy tenant was within its limit");
    let (alone, beside) = (median(alone), median(beside));
    println!(
        "{:34} {alone:.2} ms alone, {beside:.2} ms beside a tenant at {TIMES} times its limit: {:.2}",
        "p99 of 400 requests a second",
        beside / alone
    );
}

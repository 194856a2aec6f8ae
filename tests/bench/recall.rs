//! How fast events come in with their index, and how fast they are found: cargo bench --bench load -- recall

use super::ROUND;
use super::load::{Figures, drive, request};
use super::place::Place;
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Events of a batch, and of a session.
const BATCH: u64 = 100;
/// Different words in all texts.
const WORDS: f64 = 30_000.0;

/// The next number of a tenant's events.
static NEXT: AtomicU64 = AtomicU64::new(0);
/// How many there are to ask for.
static STORED: AtomicU64 = AtomicU64::new(0);
/// Which tenant is written.
static TENANT: AtomicU64 = AtomicU64::new(0);

/// Numbers that look random and are the same in every run (splitmix64).
fn mixed(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A word: the nth most frequent occurs 1/n as often as the most frequent (Zipf).
fn word(random: u64) -> String {
    let share = (random >> 11) as f64 / (1u64 << 53) as f64;
    let mut rank = WORDS.powf(share) as u64;
    let mut word = String::new();
    for (consonants, vowels) in [("bdfgklmnprstvz", "aeiou"); 4] {
        let (c, v) = (consonants.as_bytes(), vowels.as_bytes());
        word.push(c[(rank % 14) as usize] as char);
        word.push(v[(rank / 14 % 5) as usize] as char);
        rank /= 70;
        if rank == 0 {
            break;
        }
    }
    word
}

/// What event `n` says: 8 to 32 words.
fn text(n: u64) -> String {
    let seed = mixed(n);
    let words: Vec<String> = (0..8 + seed % 25)
        .map(|place| word(mixed(seed ^ (place << 40))))
        .collect();
    words.join(" ")
}

fn batch(_: usize, _: u64) -> String {
    let first = NEXT.fetch_add(BATCH, Ordering::Relaxed);
    let event = |n: u64| {
        let who = if n.is_multiple_of(2) { "Ada" } else { "Bob" };
        json!({"session_id": format!("s{}", n / BATCH), "channel": "private", "actor": {"type": "human", "id": who}, "kind": "message",
               "content": {"text": text(n)}, "at": chrono::DateTime::from_timestamp(1_600_000_000 + n as i64 * 60, 0).unwrap()})
    };
    let events: Vec<_> = (first..first + BATCH).map(event).collect();
    let body =
        json!({"tenant_id": format!("t{}", TENANT.load(Ordering::Relaxed)), "events": events});
    request("POST", "/api/v1/events/batch", &body.to_string())
}

/// Four words of one of the events, as people remember: not all of them telling.
fn ask(_: usize, n: u64) -> String {
    let stored = STORED.load(Ordering::Relaxed);
    let said = text(mixed(n) % stored);
    let words: Vec<&str> = said.split(' ').collect();
    let some: Vec<&str> = (0..4)
        .map(|k| words[(mixed(n + k) % words.len() as u64) as usize])
        .collect();
    let body = json!({"tenant_id": "t0", "query": some.join(" ")});
    request("POST", "/api/v1/recall", &body.to_string())
}

/// Stores events of a tenant until it has so many; a second's events.
fn store(place: &Place, tenant: u64, many: u64) -> f64 {
    TENANT.store(tenant, Ordering::Relaxed);
    let before = NEXT.load(Ordering::Relaxed);
    let began = Instant::now();
    while NEXT.load(Ordering::Relaxed) < many {
        drive(&place.address, 4, Duration::from_millis(500), batch);
    }
    (NEXT.load(Ordering::Relaxed) - before) as f64 / began.elapsed().as_secs_f64()
}

fn asked(name: &str, place: &Place) -> Figures {
    STORED.store(NEXT.load(Ordering::Relaxed), Ordering::Relaxed);
    let mut rounds: Vec<Figures> = (0..3)
        .map(|_| drive(&place.address, 8, ROUND, ask))
        .collect();
    rounds.sort_by(|a, b| a.p95.total_cmp(&b.p95));
    let figures = rounds.swap_remove(1);
    println!(
        "{name:34} {figures}   p95 {:.2} ms   memory {:.1} MiB",
        figures.p95,
        place.memory()
    );
    figures
}

/// Ingest, then recall at 100,000 events of one tenant among ten; with MILLION=1 at a million too.
pub fn measure() {
    let place = Place::start();
    for tenant in 1..10 {
        NEXT.store(0, Ordering::Relaxed);
        store(&place, tenant, 10_000);
    }
    NEXT.store(0, Ordering::Relaxed);
    let rate = store(&place, 0, 100_000);
    println!(
        "{:34} {rate:>8.0} events/s, batches of {BATCH}, 4 connections",
        "events/batch with its index"
    );
    place.sql("vacuum analyze items");
    let small = asked("recall among 100,000 events", &place);
    let alone = drive(&place.address, 1, ROUND, ask);
    println!(
        "{:34} {alone}   p95 {:.2} ms",
        "the same from one connection", alone.p95
    );
    if std::env::var_os("MILLION").is_some() {
        let rate = store(&place, 0, 1_000_000);
        println!(
            "{:34} {rate:>8.0} events/s",
            "events/batch, up to a million"
        );
        place.sql("vacuum analyze items");
        let large = asked("recall among 1,000,000 events", &place);
        println!(
            "{:34} {:.2} times the p95 of 100,000",
            "",
            large.p95 / small.p95
        );
    }
}

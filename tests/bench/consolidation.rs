//! How long a life of 100,000 handoffs takes to consolidate, and what everybody else notices: cargo bench --bench load -- consolidation

use super::load::{drive, request, send};
use super::place::Place;
use super::years::{end, export};
use super::{ROUND, handoff};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Handoffs of the long life.
const MANY: u64 = 100_000;
/// Facts planted in its first weeks, one a handoff.
const PLANTED: u64 = 20;

fn call(place: &Place, path: &str, tenant: &str, body: &Value) -> Value {
    let mut body = body.clone();
    body["tenant_id"] = tenant.into();
    let reply = send(&place.address, &request("POST", path, &body.to_string()));
    serde_json::from_str(&reply).unwrap_or_else(|_| panic!("{path}: {reply}"))
}

/// A life of so many handoffs, with facts that nothing else says in its beginning.
pub fn live(place: &Place, tenant: &str, many: u64) {
    let life = export(many);
    let mut lines: Vec<String> = life.lines().map(str::to_owned).collect();
    for n in 0..PLANTED.min(many / 4) {
        let place = (1 + n * 3) as usize;
        lines[place] = lines[place].replace(
            "It was a good day.",
            &format!("The vault of quartz{n} opens with marble{n}."),
        );
    }
    for part in lines[1..lines.len() - 1].chunks(20_000) {
        let last = end(part.len() as u64);
        let body = format!("{}\n{}\n{last}\n", lines[0], part.join("\n"));
        let head = format!(
            "POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nX-Tenant-Id: {tenant}\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let reply = send(&place.address, &(head + &body));
        assert!(reply.contains("imported"), "{reply}");
    }
}

fn wake_long(_: usize, _: u64) -> String {
    request("GET", "/api/v1/wake-up?with_whom=Ada&tenant_id=alone", "")
}

fn wake_short(_: usize, _: u64) -> String {
    request("GET", "/api/v1/wake-up?with_whom=Ada&tenant_id=short", "")
}

/// The whole of it.
pub fn measure() {
    let place = Place::start();
    for (tenant, many) in [("alone", MANY), ("loaded", MANY), ("short", 100)] {
        let began = Instant::now();
        live(&place, tenant, many);
        println!(
            "{:34} {:.1} s",
            format!("import of {many} handoffs"),
            began.elapsed().as_secs_f64()
        );
    }
    place.analyze();
    place.sql("vacuum analyze items");
    let run = |tenant: &str| {
        let began = Instant::now();
        let done = call(&place, "/api/v1/consolidation/run", tenant, &json!({}));
        (began.elapsed().as_secs_f64(), done)
    };
    let before = place.memory();
    let (seconds, done) = run("alone");
    println!(
        "{:34} {seconds:.1} s   memory {:.1} MiB before, {:.1} after, {:.1} at most",
        "consolidation of 100,000",
        before,
        place.memory(),
        place.peak()
    );
    for job in done["jobs"].as_array().unwrap() {
        println!(
            "    {:30} {:>7.2} s   {} looked at, {} changed, {} tokens saved  {}",
            job["job_type"].as_str().unwrap(),
            job["duration_seconds"].as_f64().unwrap(),
            job["items_processed"],
            job["items_affected"],
            job["tokens_saved"],
            job["details"]
        );
    }
    let (seconds, again) = run("alone");
    println!(
        "{:34} {seconds:.2} s   {}",
        "the second run",
        again["message"].as_str().unwrap()
    );
    run("short");

    let normal = drive(&place.address, 32, ROUND, handoff);
    let (during, took) = std::thread::scope(|scope| {
        let consolidating = scope.spawn(|| run("loaded").0);
        let mut rates = Vec::new();
        std::thread::sleep(Duration::from_millis(300));
        while !consolidating.is_finished() {
            rates.push(drive(&place.address, 32, Duration::from_secs(2), handoff));
        }
        (rates, consolidating.join().unwrap())
    });
    let normal_after = drive(&place.address, 32, ROUND, handoff);
    let mean = during.iter().map(|figures| figures.rate).sum::<f64>() / during.len() as f64;
    let worst = during.iter().map(|figures| figures.p99).fold(0.0, f64::max);
    println!("{:34} {normal}", "handoff_create before");
    println!(
        "{:34} {mean:>8.0}/s, worst p99 {worst:.1} ms; it took {took:.1} s",
        "handoff_create beside consolidation"
    );
    println!("{:34} {normal_after}", "handoff_create after");
    println!(
        "{:34} {:.2} of its normal throughput",
        "",
        mean / ((normal.rate + normal_after.rate) / 2.0)
    );

    let size = |tenant: &str| {
        let reply = send(
            &place.address,
            &request(
                "GET",
                &format!("/api/v1/wake-up?with_whom=Ada&max_tokens=2000&tenant_id={tenant}"),
                "",
            ),
        );
        reply.len() as f64
    };
    let mut ratios = Vec::new();
    for _ in 0..3 {
        let short = drive(&place.address, 32, ROUND, wake_short);
        let long = drive(&place.address, 32, ROUND, wake_long);
        ratios.push((long.p99 / short.p99, short, long));
    }
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (ratio, short, long) = &ratios[1];
    println!("{:34} {short}", "wake_up with 100 handoffs");
    println!("{:34} {long}", "wake_up with 100,000");
    println!(
        "{:34} {ratio:.2} times the p99, {:.2} times the size",
        "",
        size("alone") / size("short")
    );
    let found = (0..PLANTED).filter(|n| {
        let found = call(
            &place,
            "/api/v1/recall",
            "alone",
            &json!({"query": format!("What opens the vault of quartz{n}?"), "limit": 10}),
        );
        found["results"]
            .to_string()
            .contains(&format!("marble{n}."))
    });
    println!(
        "{:34} {} of {PLANTED}",
        "planted facts that recall finds",
        found.count()
    );
}

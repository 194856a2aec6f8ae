//! What a backup of a gigabyte costs everybody else, and how long restores take: cargo bench --bench load -- backup

use super::consolidation::live;
use super::load::{drive, request, send};
use super::place::Place;
use super::{ROUND, handoff};
use std::process::Command;
use std::time::{Duration, Instant};

/// Handoffs of one tenant, for the restore of one.
const MANY: u64 = 100_000;
/// How large the database is to be.
const BYTES: u64 = 1 << 30;

fn command(place: &Place, arguments: &[&str]) -> (f64, String) {
    let began = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_agent-memory"))
        .arg("--data-dir")
        .arg(place.home())
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    (began.elapsed().as_secs_f64(), text)
}

fn size(place: &Place) -> u64 {
    let (_, text) = command(
        place,
        &[
            "psql",
            "--",
            "-Atc",
            "select pg_database_size(current_database())",
        ],
    );
    text.trim().parse().unwrap()
}

fn line(name: &str, seconds: f64, more: &str) {
    println!("{name:34} {seconds:>6.1} s   {more}");
}

/// The whole of it.
pub fn measure() {
    let place = Place::start_with(&[
        ("BACKUP_ENABLED", "false"),
        ("CONSOLIDATION_ENABLED", "false"),
    ]);
    let began = Instant::now();
    live(&place, "alone", MANY);
    line(
        "import of 100,000 handoffs",
        began.elapsed().as_secs_f64(),
        "",
    );
    let (_, made) = command(&place, &["backup", "create", "--tenant", "alone", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let name = made["backup"].as_str().unwrap();
    let (seconds, text) = command(
        &place,
        &[
            "backup", "restore", name, "--tenant", "alone", "--as", "copy",
        ],
    );
    line("restore of one tenant's 100,000", seconds, text.trim());
    while size(&place) < BYTES {
        place.seed(100_000);
    }
    place.analyze();
    println!(
        "{:34} {:.2} GiB",
        "the database",
        size(&place) as f64 / BYTES as f64
    );

    let create = || {
        let began = Instant::now();
        let reply = send(&place.address, &request("POST", "/api/v1/backups", "{}"));
        assert!(reply.contains("\"dump\":true"), "{reply}");
        began.elapsed().as_secs_f64()
    };
    let before = place.memory();
    let alone = create();
    line(
        "backup, nobody else there",
        alone,
        &format!("memory {before:.1} MiB before, {:.1} at most", place.peak()),
    );
    let normal = drive(&place.address, 32, ROUND, handoff);
    let before = place.memory();
    let (during, took) = std::thread::scope(|scope| {
        let backup = scope.spawn(create);
        let mut rates = Vec::new();
        std::thread::sleep(Duration::from_millis(300));
        while !backup.is_finished() {
            rates.push(drive(&place.address, 32, Duration::from_secs(2), handoff));
        }
        (rates, backup.join().unwrap())
    });
    let after = drive(&place.address, 32, ROUND, handoff);
    let mean = during.iter().map(|figures| figures.rate).sum::<f64>() / during.len() as f64;
    let worst = during.iter().map(|figures| figures.p99).fold(0.0, f64::max);
    println!("{:34} {normal}", "handoff_create before");
    println!(
        "{:34} {mean:>8.0}/s, worst p99 {worst:.1} ms; it took {took:.1} s",
        "handoff_create beside a backup"
    );
    println!("{:34} {after}", "handoff_create after");
    println!(
        "{:34} {:.2} of its normal throughput; memory {before:.1} MiB before, {:.1} at most",
        "",
        mean / ((normal.rate + after.rate) / 2.0),
        place.peak()
    );
    let (seconds, text) = command(&place, &["backup", "verify", "newest"]);
    line("every byte read again", seconds, text.trim());
    let (seconds, text) = command(&place, &["backup", "verify", "newest", "--deep"]);
    line("restored for trial and compared", seconds, text.trim());
    let (seconds, text) = command(&place, &["backup", "restore", "newest"]);
    line(
        "RTO: restored, compared, in place",
        seconds,
        text.lines().next().unwrap(),
    );
}

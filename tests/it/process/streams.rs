//! Exports to clients that read slowly or not at all.

use crate::support::process::{Running, program};
use crate::support::{Client, scratch};
use std::process::Command;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Resident memory of a process, in KiB.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_export_holds_its_place_and_no_memory() {
    let home = scratch("streams").join("data");
    let running = Running::start(&home, |_| {});
    let rows = "insert into session_handoffs (tenant_id, handoff_id, session_id, with_whom, story, created_at) \
                select 'default', 'sh_' || n, 's', 'Ada', repeat(md5(n::text), 30), now() from generate_series(1, 60000) n";
    let seeded = Command::new(program())
        .arg("--data-dir")
        .arg(&home)
        .args(["psql", "--as", "superuser", "--", "-qc", rows])
        .status()
        .unwrap();
    assert!(seeded.success());
    let before = memory(running.child.id());
    let mut stalled = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(running.url.trim_start_matches("http://"))
            .await
            .unwrap();
        stream
            .write_all(b"GET /api/v1/export/all HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .unwrap();
        let mut first = [0; 60];
        stream.read_exact(&mut first).await.unwrap();
        assert!(first.starts_with(b"HTTP/1.1 200"));
        stalled.push(stream);
    }
    let client = Client::new(&running.url);
    for _ in 0..30 {
        let third = client.get("/api/v1/export/all").await;
        assert_eq!(third.header("retry-after"), "5");
        third.refused(429);
        let grown = memory(running.child.id()).saturating_sub(before);
        assert!(grown < 20 * 1024, "our memory grew by {grown} KiB");
        client.get("/api/v1/wake-up?with_whom=Ada").await.ok();
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    // Whoever goes away frees the place.
    drop(stalled);
    crate::support::until("a place for the next export", 20, async || {
        client.get("/api/v1/export/thread").await.status == 200
    })
    .await;
}

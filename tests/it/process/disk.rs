//! A disk that runs full: 507 before PostgreSQL suffers, reads go on, writes come back by themselves.

use crate::support::process::Running;
use crate::support::{Client, scratch, small_disk, until};
use agent_memory::handoff;
use serde_json::json;
use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn writes_stop_before_the_disk_is_full_and_resume_by_themselves() {
    let mount = scratch("disk");
    small_disk(&mount, 420);
    let home = mount.join("data");
    let running = Running::start(&home, |command| {
        command.env("AGENT_MEMORY_DISK_RESERVE_MIB", "64");
    });
    let client = Client::new(&running.url);
    let mut acknowledged = 0;
    let refusal = loop {
        // What cannot be compressed takes the room it says.
        let story: String = (0..2000)
            .map(|_| agent_memory::id::new("x").0 + &agent_memory::key::fresh())
            .collect();
        let reply = client
            .call::<handoff::Create>(json!({"session_id": "s", "with_whom": "Ada", "story": story}))
            .await;
        match reply.status {
            201 => acknowledged += 1,
            _ => break reply,
        }
        assert!(acknowledged < 5000, "the disk never ran short");
        // Filling by hand what the memories would fill in hours.
        if acknowledged == 20 {
            assert!(
                Command::new("fallocate")
                    .args(["-l", "230M"])
                    .arg(mount.join("ballast"))
                    .status()
                    .unwrap()
                    .success()
            );
        }
    };
    assert_eq!(refusal.header("retry-after"), "30");
    refusal.refused(507);
    assert_eq!(
        client.call::<handoff::Stats>(json!({})).await.ok()["total"],
        acknowledged
    );
    assert_eq!(
        client.get("/health/detailed").await.ok()["status"],
        "degraded"
    );
    std::fs::remove_file(mount.join("ballast")).unwrap();
    let write = async || {
        client
            .call::<handoff::Create>(json!({"session_id": "s", "with_whom": "Ada", "story": "y"}))
            .await
            .status
    };
    until("writes to come back", 10, async || write().await == 201).await;
    assert_eq!(
        client.call::<handoff::Stats>(json!({})).await.ok()["total"],
        acknowledged + 1
    );
    assert_eq!(running.stop(), Some(0));
    assert!(
        Command::new("umount")
            .arg(&mount)
            .status()
            .unwrap()
            .success()
    );
}

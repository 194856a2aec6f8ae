//! Restores: after a loss of everything, killed in between, while others read and write.

use super::backup::{bodies, client, filled};
use crate::backup::damage;
use crate::support::process::{Running, on, said, works};
use crate::support::years::mixed;
use crate::support::{scratch, until, worlds};
use agent_memory::handoff;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_memories_are_wiped_and_restored_to_the_byte() {
    let (old, new) = (scratch("wiped").join("old"), scratch("wiped").join("new"));
    let running = Running::start(&old, |_| {});
    let before = filled(&running, 300).await;
    let made: Value =
        serde_json::from_str(&works(&mut on(&old, &["backup", "create", "--json"]))).unwrap();
    assert_eq!(made["dump"], true);
    assert_eq!(running.stop(), Some(0));
    // Another machine: what is there is the backups, and the key that is kept elsewhere.
    std::fs::create_dir_all(&new).unwrap();
    std::fs::copy(old.join("encryption-key"), new.join("encryption-key")).unwrap();
    std::fs::rename(old.join("backups"), new.join("backups")).unwrap();
    let owner = format!("--reference={}", old.join("postgres").display());
    works(
        std::process::Command::new("chown")
            .args(["-R", &owner])
            .arg(&new),
    );
    std::fs::remove_dir_all(&old).unwrap();
    let trial = works(&mut on(&new, &["backup", "restore", "newest", "--dry-run"]));
    assert!(
        trial.contains("300 tenants the same to the byte") && trial.contains("nothing was changed"),
        "{trial}"
    );
    let restored = works(&mut on(&new, &["backup", "restore", "newest", "--json"]));
    let restored: Value = serde_json::from_str(&restored).unwrap();
    assert!(
        restored["previous"]
            .as_str()
            .unwrap()
            .starts_with("agent_memory_before_"),
        "{restored}"
    );
    let running = Running::start(&new, |_| {});
    assert_eq!(bodies(&running, 300).await, before);
    // One tenant beside itself, while others go on; and in its own place, after something was lost.
    let name = made["backup"].as_str().unwrap();
    for seed in (1..300).step_by(13) {
        let (from, copy) = (format!("w{seed}"), format!("copy-{seed}"));
        works(&mut on(
            &new,
            &["backup", "restore", name, "--tenant", &from, "--as", &copy],
        ));
        let there = worlds::body(&client(&running, &copy)).await;
        assert_eq!(there.lines().count(), before[seed].lines().count());
        assert_eq!(
            worlds::shape(&there.replace(&copy, &from)),
            worlds::shape(&before[seed])
        );
    }
    let lost = client(&running, "w7");
    for handoff in lost.call::<handoff::List>(json!({})).await.ok()["handoffs"]
        .as_array()
        .unwrap()
    {
        lost.call::<handoff::Delete>(json!({"id": handoff["handoff_id"], "erase": true}))
            .await
            .ok();
    }
    let again = ["backup", "restore", name, "--tenant", "w7"];
    let (code, refusal) = said(&mut on(&new, &again));
    assert!(code == 78 && refusal.contains("--as"), "{code} {refusal}");
    works(&mut on(
        &new,
        &[&again[..], &["--replace", "--dry-run"]].concat(),
    ));
    assert_ne!(worlds::body(&lost).await, before[7]);
    works(&mut on(&new, &[&again[..], &["--replace"]].concat()));
    assert_eq!(worlds::body(&lost).await, before[7]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_killed_leaves_the_old_state_or_the_new_one() {
    let home = scratch("restore-killed").join("data");
    let running = Running::start(&home, |_| {});
    let acme = client(&running, "w0");
    for seed in [3, 4] {
        worlds::fill(&acme, seed).await;
    }
    works(&mut on(&home, &["backup", "create"]));
    let new = worlds::body(&acme).await;
    // How long a whole one takes; longer or shorter with each outcome, so that the points lie on both sides of the swap however busy
    // the machine is meanwhile.
    let began = std::time::Instant::now();
    works(&mut on(&home, &["backup", "restore", "newest"]));
    let mut whole = began.elapsed();
    let mut states = [0, 0];
    for point in 0..50u64 {
        let mark = json!({"session_id": format!("s{point}"), "with_whom": "Ada", "story": "not in the backup"});
        acme.call::<handoff::Create>(mark).await.ok();
        let old = worlds::body(&acme).await;
        assert_ne!(old, new);
        let mut restore = on(&home, &["backup", "restore", "newest"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let share = (mixed(point) % 1000) as f64 / 800.0;
        tokio::time::sleep(whole.mul_f64(share)).await;
        restore.kill().unwrap();
        restore.wait().unwrap();
        until("the server to answer", 20, async || {
            acme.call::<handoff::Stats>(json!({})).await.status == 200
        })
        .await;
        let now = worlds::body(&acme).await;
        assert!(
            now == old || now == new,
            "point {point}: neither the old state nor the new one"
        );
        states[usize::from(now == new)] += 1;
        whole = whole.mul_f64(if now == new { 0.8 } else { 1.25 });
        if point % 10 == 9 {
            drop_previous(&home);
        }
    }
    println!("{states:?}: the old state, the new one");
    assert!(
        states[0] > 0 && states[1] > 0,
        "{states:?}: the points were not spread over the whole of it"
    );
    // The next one takes away what the killed ones left.
    works(&mut on(&home, &["backup", "restore", "newest"]));
    let left = works(&mut on(
        &home,
        &[
            "psql",
            "--",
            "-Atc",
            "select count(*) from pg_database where datname like 'agent_memory_scratch%'",
        ],
    ));
    assert_eq!(left.trim(), "0");
    assert_eq!(worlds::body(&acme).await, new);
}

fn drop_previous(home: &Path) {
    let listed = works(&mut on(home, &["backup", "previous", "--json"]));
    let listed: Value = serde_json::from_str(&listed).unwrap();
    for one in listed["previous"].as_array().unwrap() {
        works(&mut on(
            home,
            &[
                "backup",
                "previous",
                "--drop",
                one["database"].as_str().unwrap(),
            ],
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_a_running_server_hear_503_for_a_moment_and_nothing_else() {
    let home = scratch("restore-running").join("data");
    let running = Running::start(&home, |_| {});
    let before = filled(&running, 5).await;
    works(&mut on(&home, &["backup", "create"]));
    let stop = Arc::new(AtomicBool::new(false));
    let refused = Arc::new(AtomicU32::new(0));
    let clients: Vec<_> = (0..4)
        .map(|n| {
            let (client, stop, refused) = (
                client(&running, &format!("x{n}")),
                stop.clone(),
                refused.clone(),
            );
            tokio::spawn(async move {
                let mut written = 0;
                while !stop.load(Ordering::Relaxed) {
                    let body = json!({"session_id": "s", "with_whom": "Ada", "story": "meanwhile"});
                    let reply = client.call::<handoff::Create>(body).await;
                    match reply.status {
                        201 => written += 1,
                        503 => {
                            assert!(!reply.header("retry-after").is_empty(), "{}", reply.text);
                            refused.fetch_add(1, Ordering::Relaxed);
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        _ => panic!("{}: {}", reply.status, reply.text),
                    }
                }
                written
            })
        })
        .collect();
    let said = works(&mut on(&home, &["backup", "restore", "newest"]));
    let previous = said
        .split("kept as ")
        .nth(1)
        .unwrap()
        .split('.')
        .next()
        .unwrap()
        .to_owned();
    // Everybody writes again, into what was restored.
    for n in 0..4 {
        let client = client(&running, &format!("x{n}"));
        until("the client's memories", 20, async || {
            client.call::<handoff::Stats>(json!({})).await.json["total"].as_i64() > Some(0)
        })
        .await;
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        assert!(client.await.unwrap() > 0);
    }
    assert_eq!(bodies(&running, 5).await, before);
    // And back to what was there.
    works(&mut on(&home, &["backup", "previous", "--back", &previous]));
    until("the way back", 20, async || {
        client(&running, "x0")
            .call::<handoff::Stats>(json!({}))
            .await
            .status
            == 200
    })
    .await;
    assert_eq!(bodies(&running, 5).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_is_not_restored_and_one_without_its_key_is_not_proven() {
    let home = scratch("restore-damaged").join("data");
    let running = Running::start(&home, |_| {});
    for name in ["w0", "w1"] {
        worlds::fill(&client(&running, name), 3).await;
    }
    let acme = client(&running, "w0");
    let mut sets = Vec::new();
    for n in 0..2 {
        let made = works(&mut on(&home, &["backup", "create", "--json"]));
        let made: Value = serde_json::from_str(&made).unwrap();
        sets.push(home.join("backups").join(made["backup"].as_str().unwrap()));
        let mark = json!({"session_id": format!("s{n}"), "with_whom": "Ada", "story": "after it"});
        acme.call::<handoff::Create>(mark).await.ok();
    }
    let now = worlds::body(&acme).await;
    let (set, whole) = (&sets[1], sets[1].with_extension("whole"));
    works(
        std::process::Command::new("cp")
            .arg("-a")
            .arg(set)
            .arg(&whole),
    );
    for number in 0..16 {
        let how = damage(set, &sets[0], number);
        let name = set.file_name().unwrap().to_str().unwrap();
        let mut tries = vec![vec!["backup", "restore", name]];
        tries.push(vec![
            "backup",
            "restore",
            name,
            "--tenant",
            "w0",
            "--replace",
        ]);
        for arguments in tries {
            let (code, refusal) = said(&mut on(&home, &arguments));
            assert!([66, 70, 78].contains(&code), "{how}: {code} {refusal}");
        }
        std::fs::remove_dir_all(set).unwrap();
        works(
            std::process::Command::new("cp")
                .arg("-a")
                .arg(&whole)
                .arg(set),
        );
    }
    assert_eq!(worlds::body(&acme).await, now);
    // Its bytes are whole; nobody could open what is sealed in it.
    let name = set.file_name().unwrap().to_str().unwrap();
    std::fs::rename(home.join("encryption-key"), home.join("elsewhere")).unwrap();
    let (code, refusal) = said(&mut on(&home, &["backup", "verify", name, "--deep"]));
    assert!(
        code == 78 && refusal.contains("keys escrow"),
        "{code} {refusal}"
    );
    std::fs::rename(home.join("elsewhere"), home.join("encryption-key")).unwrap();
    works(&mut on(&home, &["backup", "verify", name, "--deep"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_makes_and_tries_backups_by_itself_and_removes_what_is_over() {
    let home = scratch("nightly").join("data");
    let tomorrow = chrono::Utc::now().date_naive() + chrono::Days::new(1);
    let running = Running::start(&home, |command| {
        // A minute is half a second: from 02:28 on, a backup each hour, a trial after the second one.
        command
            .env("AGENT_MEMORY_CLOCK", format!("{tomorrow}T02:28:00Z x3600"))
            .env("BACKUP_SCHEDULE", "30 * * * *")
            .env("BACKUP_VERIFY_SCHEDULE", "0 */6 * * *")
            .env("BACKUP_KEEP_DAYS", "0")
            .env("BACKUP_KEEP_MINIMUM", "2");
    });
    worlds::fill(&client(&running, "w0"), 3).await;
    let seen = std::sync::Mutex::new(std::collections::BTreeSet::new());
    until("backups to be made, tried and removed", 90, async || {
        let listed = works(&mut on(&home, &["backup", "list", "--json"]));
        let listed: Value = serde_json::from_str(&listed).unwrap();
        let sets = listed["backups"].as_array().unwrap();
        let mut seen = seen.lock().unwrap();
        let names = sets
            .iter()
            .map(|set| set["name"].as_str().unwrap().to_owned());
        seen.extend(names);
        let tried = sets.iter().any(|set| set["restored_for_trial"] == true);
        tried && seen.len() > 4 && sets.len() < seen.len()
    })
    .await;
}

//! backup_create, backup_list, backup_verify

use crate::support::years::mixed;
use crate::support::{Client, Server, until, worlds};
use agent_memory::db::Sql;
use agent_memory::{backup, handoff};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn dir(server: &Server) -> PathBuf {
    PathBuf::from(&server.app.config.backup.dir)
}

async fn verify(server: &Server, name: &str, deep: bool) -> crate::support::Reply {
    Client::new(&server.url)
        .call::<backup::Verify>(json!({"id": name, "deep": deep}))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_made_while_others_write_is_one_snapshot_and_holds() {
    let server = Server::start().await;
    for seed in 0..6 {
        worlds::fill(&server.tenant(&format!("t{seed}")).await, seed).await;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for n in 0..3 {
        let (client, stop) = (server.tenant(&format!("t{n}")).await, stop.clone());
        writers.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let body =
                    json!({"session_id": "s", "with_whom": "Ada", "story": "written meanwhile"});
                client.call::<handoff::Create>(body).await.ok();
            }
        }));
    }
    let operator = Client::new(&server.url);
    for _ in 0..2 {
        let made = operator.call::<backup::Create>(json!({})).await.ok();
        assert_eq!((&made["dump"], &made["tenants"]), (&json!(true), &json!(6)));
        // The dump, restored for trial, has the very texts that the exports have: both are of the one instant.
        let name = made["name"].as_str().unwrap();
        let verified = verify(&server, name, true).await.ok();
        assert_eq!(verified["restored_for_trial"], true);
        assert!(
            verified["found"]
                .as_str()
                .unwrap()
                .contains("6 tenants the same to the byte"),
            "{verified}"
        );
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    let one = operator
        .call::<backup::Create>(json!({"tenant_id": "t1"}))
        .await
        .ok();
    assert_eq!(
        (&one["dump"], &one["tenants"], &one["tenant_id"]),
        (&json!(false), &json!(1), &json!("t1"))
    );
    verify(&server, one["backup_id"].as_str().unwrap(), true)
        .await
        .ok();
    let listed = operator.call::<backup::List>(json!({})).await.ok();
    assert_eq!(listed["count"], 3);
    assert_eq!(listed["backups"][0]["kept"], json!(["the operator's own"]));
    assert_eq!(listed["backups"][1]["restored_for_trial"], true);
    // Nothing of a trial is left over; other tests have theirs meanwhile.
    static LEFT: Sql = Sql {
        name: "left over",
        text: "select count(*) from pg_database where datname like 'agent_memory_scratch_%'",
    };
    let superuser = server.superuser().await;
    until("every trial's database to be gone", 120, async || {
        superuser.query(&LEFT, &[]).await.unwrap()[0].get::<_, i64>(0) == 0
    })
    .await;
    operator
        .call::<backup::Create>(json!({"tenant_id": "nobody"}))
        .await
        .refused(404);
    verify(&server, "agent_memory_19700101_000000", false)
        .await
        .refused(404);
    verify(&server, "../../etc", false).await.refused(404);
}

/// Every file of a set.
fn files(set: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(set).unwrap().flatten() {
        match entry.path().is_dir() {
            true => all.extend(files(&entry.path())),
            false => all.push(entry.path()),
        }
    }
    all.sort();
    all
}

/// Damages a set in the way that a number asks for, and says how.
pub fn damage(set: &Path, other: &Path, number: u64) -> String {
    let random = |salt: u64, below: usize| (mixed(number * 100 + salt) % below as u64) as usize;
    let all = files(set);
    let file = &all[random(1, all.len())];
    let bytes = std::fs::read(file).unwrap();
    let name = file.strip_prefix(set).unwrap().display().to_string();
    match number % 8 {
        0..=2 => {
            let mut bytes = bytes;
            let (at, bit) = (random(2, bytes.len()), random(3, 8));
            bytes[at] ^= 1 << bit;
            std::fs::write(file, bytes).unwrap();
            format!("bit {bit} of byte {at} of {name}")
        }
        3 => {
            std::fs::write(file, &bytes[..random(4, bytes.len())]).unwrap();
            format!("{name} cut off")
        }
        4 => {
            std::fs::remove_file(file).unwrap();
            format!("{name} missing")
        }
        5 => {
            let extra = [
                "exports/x.ndjson.zst",
                "extra",
                "exports/.hidden",
                "manifest.json.bak",
            ][random(5, 4)];
            std::fs::write(set.join(extra), "x").unwrap();
            format!("{extra} too many")
        }
        6 => {
            let exports: Vec<&PathBuf> = all
                .iter()
                .filter(|file| file.starts_with(set.join("exports")))
                .collect();
            let one = random(6, exports.len());
            let two = (one + 1 + random(7, exports.len() - 1)) % exports.len();
            let hold = set.join("hold");
            std::fs::rename(exports[one], &hold).unwrap();
            std::fs::rename(exports[two], exports[one]).unwrap();
            std::fs::rename(&hold, exports[two]).unwrap();
            "two exports swapped".to_owned()
        }
        _ => {
            // The manifest of an older set, alone, with its sums, or a file of it.
            let taken: &[&str] = [
                &["manifest.json"][..],
                &["manifest.json", "SHA256SUMS"],
                &["SHA256SUMS"],
                &["database.dump"],
            ][random(8, 4)];
            for name in taken {
                std::fs::copy(other.join(name), set.join(name)).unwrap();
            }
            format!("{taken:?} of another set")
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_ways_to_damage_a_backup_are_all_noticed() {
    let server = Server::start().await;
    for seed in 1..5 {
        worlds::fill(&server.tenant(&format!("t{seed}")).await, seed).await;
    }
    let operator = Client::new(&server.url);
    let mut names = Vec::new();
    for _ in 0..2 {
        let made = operator.call::<backup::Create>(json!({})).await.ok();
        names.push(made["name"].as_str().unwrap().to_owned());
        server
            .tenant("t1")
            .await
            .call::<handoff::Create>(
                json!({"session_id": "s", "with_whom": "Ada", "story": "between"}),
            )
            .await
            .ok();
    }
    let (dir, name) = (dir(&server), &names[1]);
    let (set, other, whole) = (
        dir.join(name),
        dir.join(&names[0]),
        dir.with_extension("whole"),
    );
    std::fs::rename(&set, &whole).unwrap();
    for number in 0..1000 {
        for file in files(&whole) {
            let copy = set.join(file.strip_prefix(&whole).unwrap());
            std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
            std::fs::copy(&file, &copy).unwrap();
        }
        let how = damage(&set, &other, number);
        let reply = verify(&server, name, false).await;
        // One whose manifest is no more is no set that could be restored.
        assert!([404, 409].contains(&reply.status), "{how}: {}", reply.text);
        std::fs::remove_dir_all(&set).unwrap();
    }
    std::fs::rename(&whole, &set).unwrap();
    verify(&server, name, false).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_does_not_see_every_row_never_dumps() {
    // The application's role is held by the policies: it would dump no row of any tenant, and call that success.
    let server = Server::with_roles(|roles| roles.dumper = roles.application.clone()).await;
    let acme = server.tenant("acme").await;
    worlds::fill(&acme, 3).await;
    let made = Client::new(&server.url)
        .call::<backup::Create>(json!({}))
        .await
        .ok();
    assert_eq!(made["dump"], false);
    assert!(
        made["no_dump"].as_str().unwrap().contains("PGBACKUP_USER"),
        "{made}"
    );
    let name = made["name"].as_str().unwrap();
    assert!(!dir(&server).join(name).join("database.dump").exists());
    // The exports are all there, and restorable.
    let verified = verify(&server, name, true).await.ok();
    assert!(
        verified["found"]
            .as_str()
            .unwrap()
            .contains("1 tenants the same to the byte"),
        "{verified}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_tell_how_it_stands() {
    let server = Server::start().await;
    worlds::fill(&server.tenant("acme").await, 1).await;
    let operator = Client::new(&server.url);
    let before: Value = operator.get("/health/detailed").await.ok()["checks"]["backup"].clone();
    assert_eq!(before["status"], "warn");
    let made = operator.call::<backup::Create>(json!({})).await.ok();
    verify(&server, "newest", true).await.ok();
    // What health knows is a few seconds old.
    until("health to know", 20, async || {
        operator.get("/health/detailed").await.ok()["checks"]["backup"]["status"] == "pass"
    })
    .await;
    let after = operator.get("/health/detailed").await.ok()["checks"]["backup"]["details"].clone();
    assert_eq!(after["last_backup"], made["name"]);
    assert!(
        after["rto_seconds"].as_f64().unwrap() > 0.0
            && after["rpo_seconds"].as_f64().unwrap() < 60.0,
        "{after}"
    );
    assert_eq!(
        (&after["rto_target_seconds"], &after["rpo_target_seconds"]),
        (&json!(3600), &json!(93600))
    );
    let metrics = operator.get("/metrics/prometheus").await.text;
    for gauge in [
        "last_success_timestamp_seconds",
        "last_restored_for_trial_timestamp_seconds",
        "bytes",
        "restore_seconds",
    ] {
        let line = metrics
            .lines()
            .find(|line| line.starts_with(&format!("agent_memory_backup_{gauge} ")));
        let value: f64 = line.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
        assert!(value > 0.0, "{gauge}");
    }
}

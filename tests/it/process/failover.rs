//! A primary with a synchronous standby: it dies, the standby takes its place, and nothing that was acknowledged is lost.

use crate::support::process::{Running, keep, signal};
use crate::support::{Client, as_nobody_special, external, scratch};
use serde_json::json;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How long writes may be refused once the standby has taken over.
const GAP: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_takes_over_and_nothing_acknowledged_is_lost() {
    let name = "failover-standby";
    let ((primary, standby), data, dying) = tokio::task::spawn_blocking(move || {
        let (primary, primary_data) = external::start("failover", "");
        let (standby, data) = external::standby(name, primary, "");
        keep(external::run(&data, standby));
        let pid = std::fs::read_to_string(primary_data.join("postmaster.pid")).unwrap();
        (
            (primary, standby),
            data,
            pid.lines().next().unwrap().parse::<u32>().unwrap(),
        )
    })
    .await
    .unwrap();
    let admin = external::target(primary, "postgres", "postgres", "require", true);
    let admin = admin.connect().await.unwrap();
    for statement in [
        format!(
            "create role agent_memory_user login password '{}'",
            external::PASSWORD
        ),
        "create database agent_memory owner agent_memory_user".to_owned(),
        format!("alter system set synchronous_standby_names = '\"{name}\"'"),
        "select pg_reload_conf()".to_owned(),
    ] {
        admin.batch(&statement).await.unwrap();
    }
    let server = tokio::task::spawn_blocking(move || {
        Running::start(&scratch("failover-server").join("data"), |command| {
            external::environment(command, primary, "agent_memory");
            command
                .env("PGHOST", "127.0.0.1,127.0.0.1")
                .env("PGPORT", format!("{primary},{standby}"))
                .env("BACKUP_ENABLED", "false");
        })
    })
    .await
    .unwrap();
    let acknowledged = Mutex::new(Vec::new());
    let (lost, back) = (Mutex::new(None), Mutex::new(None));
    let client = Client::new(&server.url);
    let until = Instant::now() + Duration::from_secs(15);
    let writer = async |number: usize| {
        for round in 0.. {
            if Instant::now() > until {
                return;
            }
            let said = format!("writer {number} round {round}");
            let body = json!({"session_id": "s", "with_whom": "Ada", "story": said});
            let reply = client.post("/api/v1/handoff", body.to_string()).await;
            match reply.status {
                201 => {
                    if lost.lock().unwrap().is_some() {
                        back.lock().unwrap().get_or_insert(Instant::now());
                    }
                    acknowledged.lock().unwrap().push(said);
                }
                503 => assert!(!reply.header("retry-after").is_empty()),
                other => panic!("{other}: {}", reply.text),
            }
        }
    };
    let fault = async {
        tokio::time::sleep(Duration::from_secs(4)).await;
        signal(dying, "KILL");
        let promoted = tokio::task::spawn_blocking(move || {
            as_nobody_special(external::binaries().join("pg_ctl").to_str().unwrap())
                .args(["promote", "-w", "-D", data.to_str().unwrap()])
                .status()
        });
        assert!(promoted.await.unwrap().unwrap().success());
        *lost.lock().unwrap() = Some(Instant::now());
    };
    let writers = futures_util::future::join_all((0..8).map(writer));
    futures_util::join!(writers, fault);
    let acknowledged = acknowledged.into_inner().unwrap();
    let (lost, back) = (lost.into_inner().unwrap(), back.into_inner().unwrap());
    let gap = back.expect("writes go on").duration_since(lost.unwrap());
    println!(
        "{} acknowledged; writes went on {gap:?} after the promotion",
        acknowledged.len()
    );
    assert!(gap < GAP, "{gap:?}");
    let export = client.get("/api/v1/export/all?format=ndjson").await.text;
    let missing: Vec<_> = acknowledged
        .iter()
        .filter(|said| !export.contains(&format!("\"{said}\"")))
        .collect();
    assert!(
        missing.is_empty(),
        "{} of {} are lost: {:?}",
        missing.len(),
        acknowledged.len(),
        &missing[..missing.len().min(5)]
    );
}

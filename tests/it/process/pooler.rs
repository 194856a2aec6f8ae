//! The PgBouncer of the deployment guide, real, with PostgreSQL's own secrets: many clients on few connections.

use crate::support::process::{Running, keep, on, works};
use crate::support::{Client, as_nobody_special, external, free_port, scratch};
use serde_json::json;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The guide's file before a cluster, with a list made by the command that stands in it: its port.
fn pooler(name: &str, cluster: u16, auth: &str, size: u32) -> u16 {
    let (home, port) = (scratch(name), free_port());
    let file = include_str!("../../../packaging/pgbouncer/pgbouncer.ini");
    let said = file.lines().find(|line| line.contains("psql -U postgres"));
    let psql = said.unwrap().trim_start_matches([';', ' ']);
    let list = Command::new("sh")
        .args(["-c", psql])
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", cluster.to_string())
        .env("PGPASSWORD", external::PASSWORD)
        .output()
        .unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    assert!(list.contains("\"agent_memory_user\" \""), "{list}");
    std::fs::write(home.join("userlist.txt"), list).unwrap();
    let file = file
        .replace(
            "host=localhost port=5432",
            &format!("host=127.0.0.1 port={cluster}"),
        )
        .replace("listen_port = 6432", &format!("listen_port = {port}"))
        .replace("auth_type = scram-sha-256", &format!("auth_type = {auth}"))
        .replace(
            "default_pool_size = 25",
            &format!("default_pool_size = {size}"),
        )
        .replace("/etc/pgbouncer", &home.display().to_string())
        .replace("/var/run/postgresql", &home.display().to_string())
        .replace("/var/log/postgresql", &home.display().to_string());
    let ini = home.join("pgbouncer.ini");
    std::fs::write(&ini, file).unwrap();
    let child = as_nobody_special("pgbouncer")
        .arg(&ini)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    keep(child.expect("apt-get install pgbouncer"));
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::yield_now();
    }
    port
}

/// How long the crowd asks, in seconds: POOLER_SECONDS=60 is the whole trial.
fn patience() -> Duration {
    let seconds = std::env::var("POOLER_SECONDS").ok();
    Duration::from_secs(seconds.map_or(4, |text| text.parse().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guides_pgbouncer_carries_a_crowd_on_few_connections() {
    carries("pooler-scram", "scram-sha-256").await;
    carries("pooler-md5", "md5").await;
}

async fn carries(name: &'static str, auth: &'static str) {
    let (cluster, data, admin) = external::guide(name).await;
    if auth == "md5" {
        let again = format!(
            "set password_encryption = 'md5'; alter role agent_memory_user password '{}'",
            external::PASSWORD
        );
        admin.batch(&again).await.unwrap();
        let rules = std::fs::read_to_string(data.join("pg_hba.conf")).unwrap();
        std::fs::write(
            data.join("pg_hba.conf"),
            rules.replace("scram-sha-256", "md5"),
        )
        .unwrap();
        admin.batch("select pg_reload_conf()").await.unwrap();
    }
    let (port, server) = tokio::task::spawn_blocking(move || {
        let port = pooler(&format!("{name}-bouncer"), cluster, auth, 3);
        let server = Running::start(
            &scratch(&format!("{name}-server")).join("data"),
            |command| {
                external::environment(command, port, "agent_memory");
                // Whoever waits for a turn is not turned away by the server itself.
                command
                    .env("BACKUP_ENABLED", "false")
                    .env("PGCONNECTION_TIMEOUT", "30000");
            },
        );
        (port, server)
    })
    .await
    .unwrap();
    // A thousand are held at once, the server's own among them.
    let target = external::target(port, "agent_memory_user", "agent_memory", "disable", false);
    let held = (0..990).map(|_| target.connect());
    let held = futures_util::future::try_join_all(held).await.unwrap();
    let end = Instant::now() + patience();
    let crowd = (0..200).map(async |number| {
        let client = Client::new(&server.url).tenant(&format!("t{}", number % 10));
        let mut asked = 0;
        while Instant::now() < end {
            let said = format!("{number} {asked}");
            let body = json!({"session_id": "s", "with_whom": said, "remember": said});
            client
                .call::<agent_memory::handoff::Create>(body)
                .await
                .ok();
            let name = said.replace(' ', "%20");
            let woke = client
                .get(&format!("/api/v1/wake-up?with_whom={name}"))
                .await;
            assert!(woke.text.contains(&said), "{}", woke.text);
            asked += 2;
        }
        asked
    });
    let asked: Vec<usize> = futures_util::future::join_all(crowd).await;
    let asked: usize = asked.iter().sum();
    println!("{auth}: {asked} requests of 200 clients on 3 connections, none failed");
    let answers = held.iter().map(|client| client.batch("select 1"));
    futures_util::future::try_join_all(answers).await.unwrap();
    // No job of the installation holds one connection while it waits for another: jobs of several servers would wait for each other.
    tokio::task::spawn_blocking(move || {
        let port = pooler(&format!("{name}-one"), cluster, auth, 1);
        for job in ["housekeeping", "maintain_daily"] {
            let mut command = on(
                &scratch(&format!("{name}-server")).join("data"),
                &["jobs", "run", job],
            );
            external::environment(&mut command, port, "agent_memory");
            works(&mut command);
        }
    })
    .await
    .unwrap();
}

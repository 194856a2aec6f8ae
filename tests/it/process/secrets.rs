//! Secrets stay where they belong, and can be changed while requests come in

use crate::support::process::{Running, program};
use crate::support::{Client, external, scratch, until};
use agent_memory::{handoff, key};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

fn story() -> Value {
    json!({"session_id": "s", "with_whom": "Ada", "story": "x"})
}

fn secrets(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let output = Command::new(program())
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{text}");
    text
}

/// Clients that ask without a pause until they are told to stop; every refusal counts.
struct Writers {
    stop: Arc<AtomicBool>,
    failed: Arc<AtomicU32>,
    answered: Vec<Arc<AtomicU32>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Writers {
    fn start(url: &str) -> Self {
        let (stop, failed) = <(Arc<AtomicBool>, Arc<AtomicU32>)>::default();
        let answered: Vec<Arc<AtomicU32>> = (0..4).map(|_| Arc::default()).collect();
        let tasks = answered.iter().enumerate().map(|(n, answered)| {
            let (client, stop, failed) = (Client::new(url), stop.clone(), failed.clone());
            let answered = answered.clone();
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let status = match n % 2 {
                        0 => client.call::<handoff::Create>(story()).await.status,
                        _ => client.call::<handoff::Last>(json!({})).await.status,
                    };
                    failed.fetch_add(u32::from(status >= 300), Ordering::Relaxed);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        });
        Self {
            tasks: tasks.collect(),
            stop,
            failed,
            answered,
        }
    }

    /// Until each has been answered what it asked after this call.
    async fn go_on(&self) {
        let so_far: Vec<u32> = self.counts();
        until("every writer goes on", 60, async || {
            let further = self.counts();
            further
                .iter()
                .zip(&so_far)
                .all(|(now, then)| *now > then + 1)
        })
        .await;
    }

    fn counts(&self) -> Vec<u32> {
        let counts = self.answered.iter();
        counts.map(|n| n.load(Ordering::Relaxed)).collect()
    }

    /// Ends them; none was refused anything.
    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        assert_eq!(self.failed.load(Ordering::Relaxed), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn database_passwords_are_changed_while_requests_come_in() {
    // The embedded database's, and an external one's in a file.
    let home = scratch("rotation").join("embedded");
    let running = Running::start(&home, |command| {
        // Connections come and go, so that each password is needed.
        command.env("PGIDLE_TIMEOUT", "50").env("PGPOOL_MIN", "1");
    });
    Client::new(&running.url)
        .call::<handoff::Create>(story())
        .await
        .ok();
    let writers = Writers::start(&running.url);
    writers.go_on().await;
    let before = std::fs::read_to_string(home.join("pgpass")).unwrap();
    for _ in 0..3 {
        let said = secrets(
            &[
                "--data-dir",
                home.to_str().unwrap(),
                "secrets",
                "rotate-database",
            ],
            &[],
        );
        assert!(
            said.contains("agent_memory_owner, agent_memory_user"),
            "{said}"
        );
        // New connections are made with the new one.
        secrets(
            &[
                "--data-dir",
                home.to_str().unwrap(),
                "call",
                "handoff_stats",
            ],
            &[],
        );
        writers.go_on().await;
    }
    writers.end().await;
    let after = std::fs::read_to_string(home.join("pgpass")).unwrap();
    assert!(
        before
            .lines()
            .zip(after.lines())
            .filter(|(a, b)| a != b)
            .count()
            == 2
    );
    running.stop();

    let (port, _, admin) = external::guide("rotation-cluster").await;
    let file = scratch("rotation").join("password");
    std::fs::write(&file, format!("{}\n", external::PASSWORD)).unwrap();
    let (port, file) = (port.to_string(), file.display().to_string());
    let environment = [
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", port.as_str()),
        ("PGPASSWORD_FILE", file.as_str()),
    ];
    let running = Running::start(&scratch("rotation").join("external"), |command| {
        command
            .envs(environment)
            .env("PGIDLE_TIMEOUT", "50")
            .env("PGPOOL_MIN", "1");
    });
    Client::new(&running.url)
        .call::<handoff::Create>(story())
        .await
        .ok();
    let writers = Writers::start(&running.url);
    writers.go_on().await;
    for _ in 0..3 {
        let said = secrets(&["secrets", "rotate-database"], &environment);
        assert!(
            said.contains("new passwords for agent_memory_user")
                && !said.contains(external::PASSWORD),
            "{said}"
        );
        // Whoever is connected is thrown out and has to come back with the new one.
        admin.batch("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'agent_memory_user' and state = 'idle' and backend_type = 'client backend'").await.unwrap();
        writers.go_on().await;
    }
    writers.end().await;
    assert_ne!(
        std::fs::read_to_string(&file).unwrap().trim(),
        external::PASSWORD
    );
}

#[test]
fn generated_secrets_are_long_and_never_the_same() {
    let one = secrets(&["secrets", "generate"], &[]);
    assert_eq!(one.trim().len(), 43);
    assert_ne!(one, secrets(&["secrets", "generate"], &[]));
    assert_eq!(
        secrets(&["secrets", "generate", "--length", "64"], &[])
            .trim()
            .len(),
        64
    );
    let short = Command::new(program())
        .args(["secrets", "generate", "--length", "8"])
        .output()
        .unwrap();
    assert!(!short.status.success());
}

#[test]
fn weak_settings_are_listed_and_refused_in_production() {
    let check = |environment: &[(&str, &str)]| {
        let mut command = Command::new(program());
        command
            .args(["config", "check"])
            .envs(environment.iter().copied());
        let output = command.output().unwrap();
        (
            output.status.code(),
            format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ),
        )
    };
    for (setting, environment) in [
        (
            "database.password",
            vec![("PGHOST", "db.internal"), ("PGPASSWORD", "short")],
        ),
        (
            "access.enabled",
            vec![("HOST", "0.0.0.0"), ("API_AUTH_ENABLED", "false")],
        ),
        (
            "database.sslmode",
            vec![("PGHOST", "db.internal"), ("PGSSLMODE", "disable")],
        ),
        (
            "database.sslmode",
            vec![("DATABASE_URL", "postgres://u@db.internal/m?sslmode=disable")],
        ),
    ] {
        let (code, said) = check(&environment);
        assert!(code == Some(0) && said.contains(setting), "{said}");
        let production = [&environment[..], &[("NODE_ENV", "production")]].concat();
        let (code, said) = check(&production);
        assert!(
            code == Some(78) && said.contains("refused in production") && said.contains(setting),
            "{said}"
        );
    }
}

/// Command lines and environments of a process's descendants.
fn descendants(pid: u32, seen: &mut Vec<String>) {
    let children =
        std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let mut all: Vec<u32> = children
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect();
    for task in tasks {
        let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        all.extend(
            children
                .split_whitespace()
                .filter_map(|pid| pid.parse::<u32>().ok()),
        );
    }
    all.sort_unstable();
    all.dedup();
    for child in all {
        for part in ["cmdline", "environ"] {
            let bytes = std::fs::read(format!("/proc/{child}/{part}")).unwrap_or_default();
            seen.push(String::from_utf8_lossy(&bytes).replace('\0', " "));
        }
        descendants(child, seen);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_appears_in_a_log_an_error_a_metric_a_process_list_or_a_childs_environment() {
    let home = scratch("whispers").join("data");
    let given = key::fresh();
    let admin_key = scratch("whispers").join("admin");
    std::fs::write(&admin_key, &given).unwrap();
    let decoy = "a-password-that-is-in-the-environment-1";
    let running = Running::start(&home, |command| {
        command
            .env("API_AUTH_ENABLED", "true")
            .env("ADMIN_KEY_FILE", &admin_key)
            .env("LOG_LEVEL", "trace");
        // Not used by the embedded database, and in its parent's environment all the same.
        command
            .env("PGOWNER_PASSWORD", decoy)
            .env("AGENT_MEMORY_DATABASE", "embedded");
    });
    let admin = Client::new(&running.url).key(&given);
    let made = admin
        .call::<key::Create>(json!({"tenant_id": "acme", "access": "write"}))
        .await
        .ok();
    let key = made["key"].as_str().unwrap().to_owned();
    let acme = Client::new(&running.url).key(&key);
    let memory = "MARKER-of-a-memory";
    let secret = format!("ghp_{}", "z9Y8x7W6v5U4".repeat(3));
    let mut heard = Vec::new();
    for body in [
        json!({"session_id": "s", "with_whom": "Ada", "story": memory, "learned": secret}),
        json!({"session_id": "s", "with_whom": "Ada", "story": memory, "significance": 7}),
        json!({"session_id": "s", "with_whom": "Ada", "surely_unknown": secret}),
    ] {
        let reply = acme.call::<handoff::Create>(body).await;
        if reply.status != 201 {
            heard.push(reply.text);
        }
    }
    let guess = key::fresh();
    heard.push(
        Client::new(&running.url)
            .key(&guess)
            .call::<handoff::Last>(json!({}))
            .await
            .text,
    );
    heard.push(
        acme.clone()
            .tenant("other")
            .call::<handoff::Last>(json!({}))
            .await
            .text,
    );
    heard.push(admin.get("/metrics/prometheus").await.text);
    heard.push(acme.get("/metrics?tenant_id=acme").await.text);
    heard.push(admin.get("/health/detailed").await.text);
    heard.push(
        admin
            .call::<key::List>(json!({"tenant_id": "acme"}))
            .await
            .text,
    );
    // PostgreSQL's own words, when a statement fails in the middle: it is killed under load.
    descendants(running.child.id(), &mut heard);
    assert!(
        heard.iter().any(|seen| seen.contains("postgres")),
        "the children were looked at"
    );
    heard.push(running.greeting.clone());
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let passwords: Vec<String> = read(&home.join("pgpass"))
        .lines()
        .map(|line| line.rsplit(':').next().unwrap().to_owned())
        .collect();
    let encryption = read(&home.join("encryption-key")).trim().to_owned();
    let mode = |file: &str| {
        std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(home.join(file)).unwrap().permissions(),
        ) & 0o777
    };
    assert_eq!((mode("encryption-key"), mode("pgpass")), (0o600, 0o600));
    running.stop();
    heard.push(read(&home.with_extension("log")));
    let own = [
        given,
        key,
        guess,
        secret,
        decoy.to_owned(),
        encryption,
        memory.to_owned(),
    ];
    assert_eq!(passwords.len(), 3);
    for secret in own.iter().chain(&passwords) {
        for text in &heard {
            assert!(
                !text.contains(secret.as_str()),
                "{secret} in {}",
                &text[..text.len().min(2000)]
            );
        }
    }
}

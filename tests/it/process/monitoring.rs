//! Prometheus, real, as the deployment guide sets it up: the rules hold, and no panel of the dashboard stays empty.

use crate::support::process::{Running, keep, on, works};
use crate::support::{Client, as_nobody_special, free_port, scratch, until};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/monitoring")
}

/// Prometheus on the guide's files, asking a server every second: its address.
fn prometheus(home: &Path, server: &str, key: &str) -> String {
    let port = free_port();
    let file = std::fs::read_to_string(packaging().join("prometheus.yml")).unwrap();
    let file = file
        .replace(
            "scrape_interval: 15s",
            "scrape_interval: 1s\n  scrape_timeout: 1s\n  evaluation_interval: 1s",
        )
        .replace("127.0.0.1:3456", server.trim_start_matches("http://"));
    std::fs::write(home.join("prometheus.yml"), file).unwrap();
    std::fs::copy(packaging().join("alerts.yml"), home.join("alerts.yml")).unwrap();
    std::fs::write(home.join("agent-memory.key"), key).unwrap();
    works(
        Command::new("promtool")
            .args(["check", "config"])
            .arg(home.join("prometheus.yml")),
    );
    let child = as_nobody_special("prometheus")
        .arg(format!(
            "--config.file={}",
            home.join("prometheus.yml").display()
        ))
        .arg(format!(
            "--storage.tsdb.path={}",
            home.join("tsdb").display()
        ))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(home.join("prometheus.log")).unwrap())
        .spawn();
    keep(child.expect("apt-get install prometheus"));
    format!("http://127.0.0.1:{port}")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_and_every_panel_has_its_numbers() {
    let rules = packaging().join("alerts_test.yml");
    works(Command::new("promtool").args(["test", "rules"]).arg(rules));
    let home = scratch("prometheus");
    let start = {
        let data = home.join("data");
        move || {
            Running::start(&data, |command| {
                command.env("API_AUTH_ENABLED", "true");
            })
        }
    };
    let server = tokio::task::spawn_blocking(start).await.unwrap();
    let admin = std::fs::read_to_string(home.join("data/admin-key")).unwrap();
    let client = Client::new(&server.url).key(admin.trim());
    let made = client
        .post(
            "/api/v1/keys",
            json!({"tenant_id": "*", "access": "read"}).to_string(),
        )
        .await
        .ok();
    let url = prometheus(&home, &server.url, made["key"].as_str().unwrap());

    // Something of everything that is shown: writes, reads, an error, a consolidation, a backup.
    let ours = client.tenant("default");
    let handoff = json!({"session_id": "s", "with_whom": "Ada", "learned": "Measure first."});
    ours.post("/api/v1/handoff", handoff.to_string()).await.ok();
    for arguments in [&["jobs", "run", "consolidation"][..], &["backup", "create"]] {
        let (data, arguments) = (home.join("data"), arguments.to_vec());
        tokio::task::spawn_blocking(move || works(&mut on(&data, &arguments)))
            .await
            .unwrap();
    }
    let board: Value =
        serde_json::from_str(include_str!("../../../packaging/monitoring/grafana.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let asker = Client::new(&url);
    let mut queries = 0;
    for panel in panels {
        for target in panel["targets"].as_array().unwrap_or(&Vec::new()) {
            queries += 1;
            let query = target["expr"].as_str().unwrap();
            let path = format!(
                "/api/v1/query?query={}",
                crate::support::client::encode(query)
            );
            let what = format!("{}: {query}", panel["title"]);
            until(&what, 60, async || {
                ours.get("/api/v1/wake-up?with_whom=Ada").await.ok();
                ours.get("/api/v1/knowledge/kn_none").await.refused(404);
                match asker.try_raw("GET", &path, None, "").await {
                    Ok(reply) => reply.json["data"]["result"]
                        .as_array()
                        .is_some_and(|rows| !rows.is_empty()),
                    Err(_) => false,
                }
            })
            .await;
        }
    }
    assert!(queries >= 20, "{queries} queries on the dashboard");
    until("the rules to be looked at", 20, async || {
        !asker
            .get("/api/v1/rules")
            .await
            .text
            .contains("\"unknown\"")
    })
    .await;
    let rules = asker.get("/api/v1/rules").await.ok();
    for rule in rules["data"]["groups"][0]["rules"].as_array().unwrap() {
        assert_eq!(rule["health"], "ok", "{rule}");
        assert_eq!(rule["state"], "inactive", "{rule}");
        let runbook = rule["annotations"]["runbook_url"].as_str().unwrap();
        let guide = include_str!("../../../packaging/README.md");
        let title = format!("### {}", rule["name"].as_str().unwrap());
        assert!(guide.contains(&title), "no section for {runbook}");
    }
    let metrics = client_metrics(&ours).await;
    let mut check = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    use std::io::Write;
    check
        .stdin
        .take()
        .unwrap()
        .write_all(metrics.as_bytes())
        .unwrap();
    let checked = check.wait_with_output().unwrap();
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}

async fn client_metrics(client: &Client) -> String {
    let reply = client.get("/metrics/prometheus").await;
    assert_eq!(reply.status, 200);
    reply.text
}

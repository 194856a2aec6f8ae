//! MCP with clients that others wrote: the conformance suite, the inspector, the Python and JavaScript SDKs.

use crate::support::process::{Running, program, works};
use crate::support::upstream::Upstream;
use crate::support::{Client, scratch};
use agent_memory::knowledge::NoteWrite;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// Where tests/run installs them.
fn installed() -> PathBuf {
    let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/clients");
    assert!(
        place.join("ready").exists(),
        "tests/run installs the clients"
    );
    place
}

fn script(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    std::fs::read_to_string(path.join(name)).unwrap()
}

/// A program of Node's, installed there.
fn node(program: &str) -> Command {
    let place = installed();
    let path = format!(
        "{}:{}",
        place.join("bin").display(),
        std::env::var("PATH").unwrap()
    );
    let mut command = Command::new(place.join("node_modules/.bin").join(program));
    command.env("PATH", path).current_dir(scratch("clients"));
    command
}

/// What the suite may not pass on a revision, as it reads it.
fn inapplicable(revision: &str) -> String {
    let mut listed = "server:\n".to_owned();
    for line in script("inapplicable.txt").lines() {
        let Some((scenario, _)) = line.split_once(": ").filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let (scenario, only) = scenario.split_once('@').unwrap_or((scenario, revision));
        if only == revision {
            writeln!(listed, "  - {scenario}").unwrap();
        }
    }
    listed
}

#[test]
fn the_conformance_suite_passes_on_each_revision() {
    let server = Running::start(&scratch("conformance").join("data"), |_| ());
    let url = format!("{}/mcp", server.url);
    for revision in ["2025-06-18", "2025-11-25", "2026-07-28"] {
        let list = scratch("conformance").join(format!("{revision}.yaml"));
        std::fs::write(&list, inapplicable(revision)).unwrap();
        let mut suite = node("conformance");
        suite.args([
            "server",
            "--url",
            &url,
            "--suite",
            "all",
            "--spec-version",
            revision,
        ]);
        let said = works(suite.arg("--expected-failures").arg(list));
        assert!(
            said.contains("✓ tools-list") && said.contains("✓ resources-list"),
            "{said}"
        );
    }
}

#[test]
fn agents_live_on_it_with_the_usual_clients() {
    let data = scratch("lives").join("data");
    let server = Running::start(&data, |command| {
        command.env("API_AUTH_ENABLED", "true");
    });
    let made = works(
        Command::new(program())
            .arg("--data-dir")
            .arg(&data)
            .args(["keys", "create", "--tenant", "acme", "--access", "write"]),
    );
    let made: Value = serde_json::from_str(&made).unwrap();
    let key = made["key"].as_str().unwrap();
    let strict = ["--transport", "http", "--method", "tools/list", "--strict"];
    let said = works(
        node("mcp-inspector")
            .arg("--cli")
            .arg(format!("{}/mcp?tools=all", server.url))
            .args(strict)
            .args(["--header", &format!("Authorization: Bearer {key}")]),
    );
    assert!(said.contains("\"handoff_create\"") && said.contains("\"key_create\""));
    works(
        Command::new(installed().join("bin/python"))
            .args(["-c", &script("life.py"), &server.url, key, program()])
            .arg(&data),
    );
    // Modules are looked for from where the script stands.
    let place = installed().join(format!("life-{}.mjs", std::process::id()));
    std::fs::write(&place, script("life.mjs")).unwrap();
    works(
        Command::new(installed().join("bin/node"))
            .arg(&place)
            .args([&server.url, key, program()]),
    );
    std::fs::remove_file(place).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_makers_own_clients_speak_through_the_gateway() {
    let upstream = Upstream::start().await;
    let server = Running::start(&scratch("models").join("data"), |command| {
        command.env("UPSTREAM_LLM_URL", &upstream.url);
    });
    let acme = Client::new(&server.url).tenant("acme");
    let known = json!({"text": "The harbour pilot is called Ines Martins."});
    acme.call::<NoteWrite>(known).await.ok();
    let mut client = Command::new(installed().join("bin/python"));
    client.args(["-c", &script("models.py"), &server.url]);
    let ran = tokio::task::spawn_blocking(move || works(&mut client));
    ran.await.unwrap();
    let through = |seen: &&crate::support::upstream::Seen| {
        seen.body.windows(12).any(|words| words == b"Ines Martins")
    };
    let seen = upstream.seen();
    assert_eq!(
        seen.iter().filter(through).count(),
        seen.len() - 1,
        "all but the list of models"
    );
    // Who stops the server loses nothing of what was said.
    assert_eq!(server.stop(), Some(0));
    let server = Running::start(&scratch("models").join("data"), |_| ());
    let acme = Client::new(&server.url).tenant("acme");
    let kept = acme
        .get("/api/v1/events?session_id=sdk&limit=100")
        .await
        .ok();
    let kept = kept["events"].as_array().unwrap();
    let of = |who: &str| {
        kept.iter()
            .filter(|event| event["actor"]["id"] == who)
            .count()
    };
    assert_eq!((of("user"), of("pilot")), (8, 6), "{kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_still_says_when_the_server_stops_is_kept_as_far_as_it_came() {
    let upstream = Upstream::start().await;
    let home = scratch("stopped").join("data");
    let server = Running::start(&home, |command| {
        command
            .env("UPSTREAM_LLM_URL", &upstream.url)
            .env("DRAIN_SECONDS", "1");
    });
    let model = Client::new(&server.url).with("x-session-id", "stopped");
    let asked = json!({"model": "stuck", "stream": true, "messages": [{"role": "user", "content": "Where is the harbour?"}]});
    let mut answer = model
        .stream("/v1/chat/completions", asked.to_string())
        .await;
    let mut said = String::new();
    while !said.contains("harbour") {
        said.push_str(&String::from_utf8_lossy(
            &answer.chunk().await.unwrap().unwrap(),
        ));
    }
    let stopped = tokio::task::spawn_blocking(move || server.stop());
    let ended = loop {
        match answer.chunk().await {
            Ok(Some(_)) => {}
            other => break other,
        }
    };
    assert!(ended.is_err(), "the client sees that it was cut");
    assert_eq!(stopped.await.unwrap(), Some(0));
    let server = Running::start(&home, |_| ());
    let kept = Client::new(&server.url)
        .get("/api/v1/events?session_id=stopped")
        .await
        .ok();
    let reply = &kept["events"][0]["content"];
    assert_eq!(
        (&reply["text"], &reply["broken_off_by"]),
        (&json!("The harbour "), &json!("server")),
        "{kept}"
    );
}

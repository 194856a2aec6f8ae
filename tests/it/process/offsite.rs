//! Backups in another place: an S3-compatible store over TLS, a second directory. The store is moto's server.

use crate::support::process::{Running, keep, on, said, works};
use crate::support::{Client, free_port, scratch, until, worlds};
use agent_memory::{decision, id};
use base64::prelude::*;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A store with TLS, signed by an authority of its own: its address and the authority's certificate.
async fn store() -> (String, PathBuf) {
    let (home, port) = (scratch("store"), free_port());
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        works(
            command
                .args(arguments.split(' '))
                .current_dir(&home)
                .stderr(Stdio::null()),
        );
    };
    std::fs::write(home.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -subj /CN=authority -days 2 -keyout ca.key -out ca.crt",
    );
    openssl("req -newkey rsa:2048 -nodes -subj /CN=store -keyout store.key -out store.csr");
    openssl(
        "x509 -req -in store.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out store.crt",
    );
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/moto/bin/moto_server");
    let server = Command::new(&program)
        .args([
            "-H",
            "127.0.0.1",
            "-p",
            &port.to_string(),
            "-c",
            "store.crt",
            "-k",
            "store.key",
        ])
        .current_dir(&home)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("tests/run installs moto's server");
    keep(server);
    let ca = home.join("ca.crt");
    let url = format!("https://127.0.0.1:{port}");
    let made = || {
        Command::new("curl")
            .args(["-s", "-f", "-X", "PUT", "--cacert"])
            .arg(&ca)
            .arg(format!("{url}/memories"))
            .output()
            .unwrap()
            .status
            .success()
    };
    until("the store to take a bucket", 60, async || made()).await;
    (url, ca)
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_go_to_a_store_are_compared_there_rotated_and_come_back() {
    let (url, ca) = store().await;
    let home = scratch("offsite").join("data");
    let running = Running::start(&home, |_| {});
    let acme = Client::new(&running.url).tenant("acme");
    worlds::fill(&acme, 3).await;
    // More than goes in one part, and nothing in it to compress.
    for _ in 0..12 {
        let text = BASE64_STANDARD.encode(id::random::<750_000>());
        let noise = json!({"decision": "noise", "rationale": [text]});
        acme.call::<decision::Create>(noise).await.ok();
    }
    let before = worlds::body(&acme).await;
    let second = scratch("offsite").join("second");
    for place in [
        "s3://memories/of/agents".to_owned(),
        second.display().to_string(),
    ] {
        let with = |arguments: &[&str], settings: &[(&str, &str)]| {
            let mut command = on(&home, arguments);
            command
                .env("BACKUP_OFFSITE", &place)
                .env("BACKUP_OFFSITE_ENDPOINT", &url)
                .env("BACKUP_OFFSITE_KEY_ID", "id")
                .env("BACKUP_OFFSITE_SECRET", "a-secret-of-the-store")
                .env("BACKUP_OFFSITE_CA", &ca)
                .envs(settings.iter().copied());
            command
        };
        let names = || -> Vec<String> {
            let listed = works(&mut with(&["backup", "list", "--offsite", "--json"], &[]));
            let listed: Value = serde_json::from_str(&listed).unwrap();
            let sets = listed["backups"].as_array().unwrap().iter();
            sets.map(|set| set["name"].as_str().unwrap().to_owned())
                .collect()
        };
        let made = || -> String {
            let made = works(&mut with(&["backup", "create", "--json"], &[]));
            serde_json::from_str::<Value>(&made).unwrap()["backup"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let (first, newest) = (made(), made());
        assert_eq!(names(), [newest.clone(), first.clone()]);
        // What is over here is over there.
        let short = [("BACKUP_KEEP_DAYS", "0"), ("BACKUP_KEEP_MINIMUM", "1")];
        works(&mut with(&["backup", "create"], &short));
        let left = names();
        assert_eq!(left.len(), 1, "{left:?}");
        // The machine is lost, its backups with it.
        let local = home.join("backups").join(&left[0]);
        std::fs::remove_dir_all(&local).unwrap();
        works(&mut with(&["backup", "fetch", &left[0]], &[]));
        works(&mut with(&["backup", "verify", &left[0]], &[]));
        works(&mut with(&["backup", "restore", &left[0]], &[]));
        until("the restored one", 20, async || {
            acme.get("/api/v1/handoffs/stats").await.status == 200
        })
        .await;
        assert_eq!(worlds::body(&acme).await, before);
        let (code, refusal) = said(&mut with(
            &["backup", "fetch", "agent_memory_19700101_000000"],
            &[],
        ));
        assert!(
            code == 66 && refusal.contains("--offsite"),
            "{code} {refusal}"
        );
    }
    // A store whose certificate nobody vouches for gets nothing, and the failure is told.
    let mut command = on(&home, &["backup", "create"]);
    command
        .env("BACKUP_OFFSITE", "s3://memories")
        .env("BACKUP_OFFSITE_ENDPOINT", &url)
        .env("BACKUP_OFFSITE_KEY_ID", "id")
        .env("BACKUP_OFFSITE_SECRET", "a-secret-of-the-store");
    let (code, refusal) = said(&mut command);
    assert!(code == 69 && refusal.contains("store"), "{code} {refusal}");
    assert!(!refusal.contains("a-secret-of-the-store"));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_programs_memories_are_taken_in() {
    let home = scratch("others").join("data");
    let running = Running::start(&home, |_| {});
    let theirs = scratch("others").join("theirs");
    std::fs::create_dir_all(theirs.join("notes/diary")).unwrap();
    let graph = "{\"type\":\"entity\",\"name\":\"Ada\",\"entityType\":\"person\",\"observations\":[\"likes seals\"]}\n\
                 {\"type\":\"relation\",\"from\":\"Ada\",\"to\":\"Harbour\",\"relationType\":\"works_at\"}\n";
    std::fs::write(theirs.join("memory.jsonl"), graph).unwrap();
    std::fs::write(
        theirs.join("notes/diary/trip.md"),
        "---\ntags: [sea]\n---\n# The trip\nWe saw a walrus near Busan.\n",
    )
    .unwrap();
    std::fs::write(theirs.join("notes/not-a-note.txt"), "nothing").unwrap();
    let run = |path: &str, more: &[&str]| -> Value {
        let path = theirs.join(path).display().to_string();
        let arguments = [&["import", &path, "--tenant", "acme", "--json"], more].concat();
        serde_json::from_str(&works(&mut on(&home, &arguments))).unwrap()
    };
    assert_eq!(
        run("memory.jsonl", &["--dry-run"])["imported"]["knowledge"],
        2
    );
    for (path, count) in [("memory.jsonl", 2), ("notes", 1)] {
        assert_eq!(run(path, &[])["imported"]["knowledge"], count);
        let again = run(path, &[]);
        assert_eq!(
            (
                &again["imported"]["knowledge"],
                &again["skipped"]["knowledge"]
            ),
            (&0.into(), &count.into())
        );
    }
    let acme = Client::new(&running.url).tenant("acme");
    for (question, answer) in [
        ("who works at the harbour", "Ada works at Harbour"),
        ("walrus", "We saw a walrus near Busan."),
    ] {
        let found = acme
            .get(&format!(
                "/api/v1/recall?query={}",
                question.replace(' ', "+")
            ))
            .await
            .ok();
        assert!(
            found["results"][0]["text"]
                .as_str()
                .unwrap()
                .contains(answer),
            "{found}"
        );
    }
    std::fs::write(theirs.join("broken.jsonl"), format!("{graph}nonsense\n")).unwrap();
    let broken = theirs.join("broken.jsonl").display().to_string();
    let (code, refusal) = said(&mut on(&home, &["import", &broken]));
    assert!(code == 65 && refusal.contains("line 3"), "{code} {refusal}");
}

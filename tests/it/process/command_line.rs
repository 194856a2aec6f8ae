//! The command line: call, mcp on stdio, db, psql, migrate, config.

use crate::support::process::{Running, program};
use crate::support::scratch;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(home: &Path, words: &[&str]) -> Output {
    Command::new(program())
        .arg("--data-dir")
        .arg(home)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[track_caller]
fn good(output: Output) -> String {
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn call_runs_any_operation_with_and_without_a_server() {
    let home = scratch("call").join("data");
    let made: Value = serde_json::from_str(&good(run(
        &home,
        &[
            "call",
            "handoff_create",
            "--session-id",
            "s",
            "--with-whom",
            "Ada",
            "--story",
            "from the shell",
            "--significance",
            "0.9",
            "--tags",
            "a",
            "--tags",
            "b",
        ],
    )))
    .unwrap();
    assert_eq!(
        (&made["handoff"]["tags"], &made["handoff"]["significance"]),
        (&json!(["a", "b"]), &json!(0.9))
    );
    let server = Running::start(&home, |_| {});
    let last: Value = serde_json::from_str(&good(run(&home, &["call", "handoff_last"]))).unwrap();
    assert_eq!(last["story"], "from the shell");
    let event = good(run(
        &home,
        &[
            "call",
            "event_record",
            "--session-id",
            "s",
            "--channel",
            "private",
            "--kind",
            "message",
            "--actor",
            r#"{"type":"human","id":"Ada"}"#,
            "--content",
            r#"{"text":"hi"}"#,
        ],
    ));
    assert!(event.contains("evt_"));
    assert!(
        good(run(&home, &["call", "export_all", "--format", "ndjson"]))
            .contains("\"kind\":\"end\"")
    );
    assert!(good(run(&home, &["call"])).contains("wake_up_stratified"));
    let help = good(run(&home, &["call", "wake_up", "--help"]));
    assert!(
        help.contains("--with-whom") && help.contains("--max-tokens"),
        "{help}"
    );
    let wrong = run(&home, &["call", "handof_last"]);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("did you mean handoff_last?"));
    assert!(good(run(&home, &["db", "status", "--json"])).contains("\"mode\": \"embedded\""));
    assert!(
        good(run(&home, &["db", "url"]))
            .starts_with("postgres://agent_memory_user@/agent_memory?host=")
    );
    assert!(
        good(run(
            &home,
            &[
                "psql",
                "--",
                "-Atc",
                "select count(*) from session_handoffs"
            ]
        ))
        .trim()
            == "1"
    );
    assert!(good(run(&home, &["migrate", "status"])).contains("0001 isolation: applied"));
    assert_eq!(good(run(&home, &["db", "stop"])).trim(), "stopped");
    drop(server);
    assert_eq!(
        good(run(&home, &["db", "stop"])).trim(),
        "nothing runs here"
    );
    assert!(
        good(run(
            &home,
            &[
                "psql",
                "--as",
                "superuser",
                "--",
                "-Atc",
                "select count(*) from pg_stat_statements"
            ]
        ))
        .trim()
        .parse::<u32>()
        .is_ok()
    );
}

#[test]
fn looking_makes_no_database_and_a_relative_directory_is_one() {
    let home = scratch("looking");
    for words in [
        vec!["db", "status"],
        vec!["db", "url"],
        vec!["psql"],
        vec!["migrate", "plan"],
    ] {
        let output = run(&home.join("typo"), &words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.code() == Some(66) && said.contains("there is no database in"),
            "{words:?}: {said}"
        );
    }
    assert!(!home.join("typo").exists());
    let output = Command::new(program())
        .current_dir(&home)
        .args(["--data-dir", "relative", "call", "handoff_stats"])
        .output()
        .unwrap();
    assert!(good(output).contains("\"total\": 0"));
    assert!(home.join("relative/postgres").exists());
}

#[test]
fn mcp_on_stdio_serves_one_client_and_ends_with_it() {
    let home = scratch("stdio").join("data");
    let mut child = Command::new(program())
        .arg("--data-dir")
        .arg(&home)
        .arg("mcp")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut ask = |message: Value| {
        writeln!(input, "{message}").unwrap();
        if message.get("id").is_some() {
            serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap()
        } else {
            Value::Null
        }
    };
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}});
    assert_eq!(
        ask(hello)["result"]["serverInfo"]["title"],
        "Thread's Memory System"
    );
    ask(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    let call = |id: u32, name: &str, arguments: Value| json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": name, "arguments": arguments}});
    let made = ask(call(
        2,
        "handoff_create",
        json!({"session_id": "s", "with_whom": "Ada", "learned": "over stdio"}),
    ));
    assert_eq!(made["result"]["isError"], false, "{made}");
    let woken = ask(call(3, "wake_up", json!({"with_whom": "Ada"})));
    assert_eq!(
        woken["result"]["structuredContent"]["last_handoff"]["learned"],
        "over stdio"
    );
    drop(input);
    assert!(child.wait().unwrap().success());
    assert!(
        !home.join("postgres/postmaster.pid").exists(),
        "its PostgreSQL went with it"
    );
    // A client that leaves without a word is no failure.
    assert!(run(&home, &["mcp"]).status.success());
}

#[test]
fn config_shows_sources_hides_secrets_and_names_slips() {
    let home = scratch("config");
    std::fs::write(
        home.join(".env.production"),
        "PORT=4000\nPGPASSWORD=\"very secret\"\nCONSOLIDATION_SCHEDULE=0 3 * * *\nPGPOL_MAX=9\n",
    )
    .unwrap();
    std::fs::write(home.join("bad.toml"), "[server]\nprot = 1\n").unwrap();
    std::fs::write(home.join("secret"), "from a file\n").unwrap();
    let config = |words: &[&str], variables: &[(&str, &str)]| {
        let output = Command::new(program())
            .current_dir(&home)
            .args(words)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, shown) = config(&["config", "show"], &[]);
    assert_eq!(code, Some(0));
    let line = |name: &str| {
        shown
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap()
            .to_owned()
    };
    assert!(line("server.port").contains("4000") && line("server.port").contains("$PORT"));
    assert!(
        line("consolidation.schedule").contains("0 3 * * *")
            && line("server.host").contains("default")
    );
    assert!(!shown.contains("very secret") && line("database.password").contains("(hidden)"));
    let (_, shown) = config(
        &["config", "show", "--json"],
        &[("PORT", "5000"), ("PGPASSWORD_FILE", "secret")],
    );
    assert!(shown.contains("5000") && !shown.contains("from a file"));
    let (_, said) = config(&["config", "check"], &[]);
    assert!(
        said.contains("PGPOL_MAX is not known; did you mean PGPOOL_MAX?"),
        "{said}"
    );
    for (words, variables, code, why) in [
        (
            vec!["config", "check", "--config", "bad.toml"],
            vec![],
            78,
            "there is no setting server.prot",
        ),
        (
            vec!["config", "check"],
            vec![("PORT", "many")],
            78,
            "not a whole number",
        ),
        (
            vec!["config", "check"],
            vec![("CONSOLIDATION_SCHEDULE", "at noon")],
            78,
            "CONSOLIDATION_SCHEDULE",
        ),
        (
            vec!["config", "check"],
            vec![
                ("NODE_ENV", "production"),
                ("HOST", "0.0.0.0"),
                ("API_AUTH_ENABLED", "false"),
            ],
            78,
            "refused in production",
        ),
        (
            vec!["config", "check"],
            vec![("BACKUP_OFFSITE", "gs://bucket/prefix")],
            78,
            "s3://BUCKET/PREFIX",
        ),
        (
            vec!["config", "check"],
            vec![
                ("BACKUP_OFFSITE", "s3://bucket"),
                ("BACKUP_OFFSITE_ENDPOINT", "nowhere"),
            ],
            78,
            "the off-site store's settings cannot be used",
        ),
        (
            vec!["config", "check"],
            vec![("REDIS_URL", "nowhere")],
            78,
            "REDIS_URL",
        ),
        (
            vec!["config", "check", "--env-file", "nowhere"],
            vec![],
            78,
            "cannot be read",
        ),
        (
            vec!["--database", "external", "config", "check"],
            vec![],
            78,
            "PGHOST",
        ),
    ] {
        let (found, said) = config(&words, &variables);
        assert!(
            found == Some(code) && said.contains(why),
            "{words:?} {variables:?}: {found:?} {said}"
        );
    }
    let version = config(&["--version"], &[]).1;
    assert!(version.contains("Thread's Memory System"), "{version}");
}

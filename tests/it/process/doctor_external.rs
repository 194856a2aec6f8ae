//! `doctor` on another's database; `status`, `slow` and `support-bundle` tell what is.

use super::doctor::expect;
use crate::support::process::{Running, on, said, works};
use crate::support::{Client, external, free_port, scratch};
use agent_memory::handoff;
use serde_json::{Value, json};
use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_anothers_database_are_told_apart() {
    let (port, data, admin) = external::guide("doctor-cluster").await;
    let home = scratch("doctor-external").join("data");
    let port = port.to_string();
    let run = |settings: &[(&str, &str)]| -> Vec<Value> {
        let mut command = on(&home, &["doctor", "--json"]);
        command
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", &port)
            .env("PGPASSWORD", external::PASSWORD)
            .env("PORT", free_port().to_string())
            .envs(settings.iter().copied());
        serde_json::from_slice(&command.output().unwrap().stdout).unwrap()
    };
    works(
        on(&home, &["migrate", "up"])
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", &port)
            .env("PGPASSWORD", external::PASSWORD),
    );
    let nowhere = free_port().to_string();
    let stranger = scratch("doctor-external").join("stranger.crt");
    works(
        Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/CN=stranger",
                "-days",
                "2",
                "-keyout",
                "/dev/null",
                "-out",
            ])
            .arg(&stranger),
    );
    let stranger = stranger.display().to_string();
    for (name, settings, code, mend) in [
        (
            "nobody there",
            vec![("PGPORT", nowhere.as_str())],
            "database_unreachable",
            "pg_isready",
        ),
        (
            "no such host",
            vec![("PGHOST", "nowhere.invalid")],
            "database_unreachable",
            "PGHOST",
        ),
        (
            "wrong password",
            vec![("PGPASSWORD", "not-the-password-of-this-role-1")],
            "wrong_password",
            "PGPASSWORD",
        ),
        (
            "wrong certificate",
            vec![("PGSSLMODE", "verify-full"), ("PGSSLROOTCERT", &stranger)],
            "wrong_certificate",
            "PGSSLROOTCERT",
        ),
        (
            "no such database",
            vec![("PGDATABASE", "nowhere")],
            "database_missing",
            "db init",
        ),
    ] {
        expect(name, &run(&settings), code, "fail", mend);
    }
    expect("one role for both", &run(&[]), "role", "warn", "db init");
    expect(
        "a pool too large",
        &run(&[("PGPOOL_MAX", "400")]),
        "max_connections",
        "warn",
        "PGPOOL_MAX",
    );
    expect(
        "a role that sees too little for dumps",
        &run(&[]),
        "backup_missing",
        "warn",
        "backup create",
    );
    admin.batch("alter system set fsync = off").await.unwrap();
    admin.batch("select pg_reload_conf()").await.unwrap();
    expect(
        "fsync off",
        &run(&[]),
        "unsafe_setting",
        "fail",
        "ALTER SYSTEM RESET fsync",
    );
    admin.batch("alter system reset fsync").await.unwrap();
    admin
        .batch("alter role agent_memory_user connection limit 0")
        .await
        .unwrap();
    expect(
        "no room",
        &run(&[]),
        "too_many_connections",
        "fail",
        "PGPOOL_MAX",
    );
    admin
        .batch("alter role agent_memory_user connection limit -1")
        .await
        .unwrap();
    // A server that says it is an older one.
    let inside = external::target(
        port.parse().unwrap(),
        "postgres",
        "agent_memory",
        "require",
        true,
    )
    .connect()
    .await
    .unwrap();
    inside.batch("create function public.current_setting(text) returns text language sql as $$ select case when $1 = 'server_version_num' then '140011' when $1 = 'server_version' then '14.11' else pg_catalog.current_setting($1) end $$").await.unwrap();
    inside
        .batch("grant execute on function public.current_setting(text) to public")
        .await
        .unwrap();
    inside
        .batch("alter role agent_memory_user set search_path = public, pg_catalog")
        .await
        .unwrap();
    expect(
        "PostgreSQL 14",
        &run(&[]),
        "postgres_old",
        "fail",
        "upgrade",
    );
    inside
        .batch("alter role agent_memory_user reset search_path")
        .await
        .unwrap();
    std::fs::write(
        data.join("pg_hba.conf"),
        "hostssl all postgres all scram-sha-256\n",
    )
    .unwrap();
    admin.batch("select pg_reload_conf()").await.unwrap();
    expect("not let in", &run(&[]), "not_let_in", "fail", "pg_hba.conf");
}

#[tokio::test(flavor = "multi_thread")]
async fn status_slow_and_the_support_bundle_tell_what_is_and_no_secret() {
    let home = scratch("told").join("data");
    let running = Running::start(&home, |_| {});
    let memory = "MARKER-of-a-memory";
    let client = Client::new(&running.url);
    for _ in 0..12 {
        let body = json!({"session_id": "s", "with_whom": "Ada", "story": memory});
        client.call::<handoff::Create>(body).await.ok();
    }
    let port = running.url.rsplit(':').next().unwrap().to_owned();
    let run = |arguments: &[&str]| {
        let mut command = on(&home, arguments);
        command.env("PORT", &port);
        said(&mut command)
    };
    let (code, status) = run(&["status", "--json"]);
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(
        (code, &status["server"]["status"]),
        (0, &json!("healthy")),
        "{status}"
    );
    assert_eq!(status["database"]["pending_migrations"], 0);
    let (code, slow) = run(&["slow", "--top", "5", "--json"]);
    let slow: Value = serde_json::from_str(&slow).unwrap();
    assert_eq!(
        (code, slow["missing_indexes"].as_array().unwrap().len()),
        (0, 0),
        "{slow}"
    );
    assert!(
        (1..=5).contains(&slow["statements"].as_array().unwrap().len()),
        "{slow}"
    );
    works(&mut on(
        &home,
        &[
            "psql",
            "--",
            "-qc",
            "drop index idx_session_handoffs_tenant_created",
        ],
    ));
    let (_, slow) = run(&["slow", "--top", "10"]);
    let named: Vec<&str> = slow
        .lines()
        .filter(|line| line.contains("is missing"))
        .collect();
    assert!(
        named.len() == 1 && named[0].contains("idx_session_handoffs_tenant_created"),
        "{slow}"
    );
    assert!(slow.contains("(tenant_id, created_at desc"), "{slow}");
    let file = scratch("told").join("bundle.tar.gz");
    let (code, text) = run(&["support-bundle", file.to_str().unwrap()]);
    assert_eq!(code, 0, "{text}");
    let (_, bundle) = said(Command::new("tar").args(["-xzOf"]).arg(&file));
    for part in [
        "index_missing",
        "agent_memory_user",
        "session_handoffs",
        "shared_buffers",
        "\"setting\"",
    ] {
        assert!(bundle.contains(part), "{part}");
    }
    let passwords = std::fs::read_to_string(home.join("pgpass")).unwrap();
    let passwords: Vec<&str> = passwords
        .lines()
        .map(|line| line.rsplit(':').next().unwrap())
        .collect();
    let key = std::fs::read_to_string(home.join("encryption-key")).unwrap();
    for secret in passwords.into_iter().chain([key.trim(), memory]) {
        assert!(!bundle.contains(secret), "{secret}");
    }
    running.stop();
    let (code, status) = run(&["status"]);
    assert!(
        code == 69 && status.contains("not running") && status.contains("agent-memory serve"),
        "{code} {status}"
    );
}

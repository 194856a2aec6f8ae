//! An external database: sslmode disable, prefer and require, as a process with the guide's variables.

use crate::support::process::Running;
use crate::support::{Client, external, scratch};
use agent_memory::handoff;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn an_external_database_is_used_as_the_guides_variables_say() {
    let admin = tokio::task::spawn_blocking(|| {
        external::target(external::port(), "postgres", "postgres", "require", true)
    })
    .await
    .unwrap();
    let admin = admin.connect().await.unwrap();
    let role = "do $$ begin create role agent_memory_user login password 'a-password-of-the-test-cluster-32-characters'; \
                exception when duplicate_object then null; end $$";
    admin.batch(role).await.unwrap();
    admin
        .batch("create database agent_memory owner agent_memory_user")
        .await
        .unwrap();
    for (mode, encrypted) in [("disable", false), ("prefer", true), ("require", true)] {
        let home = scratch("external-server").join(mode);
        let running = Running::start(&home, |command| {
            external::environment(command, external::port(), "agent_memory");
            command.env("PGSSLMODE", mode);
            command.env(
                "ENCRYPTION_KEY_FILE",
                scratch("external-server").join("key"),
            );
        });
        let log = std::fs::read_to_string(home.with_extension("log")).unwrap();
        assert!(
            log.lines()
                .next()
                .unwrap()
                .contains("the external database agent_memory at 127.0.0.1"),
            "{log}"
        );
        let client = Client::new(&running.url);
        client
            .call::<handoff::Create>(json!({"session_id": mode, "with_whom": "Ada", "story": "x"}))
            .await
            .ok();
        let query = "select 1 from pg_stat_ssl s join pg_stat_activity a using (pid) where a.application_name = 'agent-memory' \
                     and a.datname = 'agent_memory' and s.ssl";
        static SQL: std::sync::OnceLock<agent_memory::db::Sql> = std::sync::OnceLock::new();
        let sql = SQL.get_or_init(|| agent_memory::db::Sql {
            name: "test/ssl",
            text: query,
        });
        assert_eq!(
            !admin.query(sql, &[]).await.unwrap().is_empty(),
            encrypted,
            "{mode}"
        );
        assert!(
            !home.join("postgres").exists(),
            "no cluster of our own was made"
        );
        running.stop();
    }
    let refused = Running::try_start(&scratch("external-server").join("bad"), |command| {
        external::environment(command, external::port(), "agent_memory");
        command.env("PGSSLMODE", "sometimes");
    });
    assert!(refused.err().unwrap().contains("database.sslmode"));
    let wrong = Running::try_start(&scratch("external-server").join("wrong"), |command| {
        external::environment(command, external::port(), "agent_memory");
        command.env("PGPASSWORD", "not-the-password");
    });
    let said = wrong.err().unwrap();
    assert!(
        said.contains("password authentication failed") && !said.contains("not-the-password"),
        "{said}"
    );
    // The schema is there and its owner comes in; the requests' role does not.
    let wrong = Running::try_start(&scratch("external-server").join("role"), |command| {
        external::environment(command, external::port(), "agent_memory");
        command
            .env("PGOWNER_USER", "agent_memory_user")
            .env("PGOWNER_PASSWORD", external::PASSWORD)
            .env("PGPASSWORD", "not-the-password");
    });
    let said = wrong.err().unwrap();
    let where_and_what = format!("127.0.0.1:{}", external::port());
    assert!(
        said.contains("PGPASSWORD") && said.contains(&where_and_what),
        "{said}"
    );
}

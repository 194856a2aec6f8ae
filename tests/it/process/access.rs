//! The database as the second lock: `db init`, what the application's role can do, the guide's own hardening, `doctor`

use super::forbidden::tries_everything;
use crate::support::process::{Running, program};
use crate::support::{Client, external, scratch};
use agent_memory::db::{Password, Target, migrate};
use agent_memory::{handoff, key};
use serde_json::{Value, json};
use std::process::{Command, Output};

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(program());
    command
        .args(arguments)
        .env_remove("DATABASE_URL")
        .env_remove("PGHOST")
        .current_dir(scratch("access"));
    command.envs(environment.iter().copied()).output().unwrap()
}

#[track_caller]
fn said(output: &Output) -> String {
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn db_init_makes_a_database_that_serves_and_a_role_that_can_do_nothing_else() {
    let (port, _) = tokio::task::spawn_blocking(|| external::start("init", ""))
        .await
        .unwrap();
    let admin = format!(
        "postgres://postgres:{}@127.0.0.1:{port}/postgres",
        external::PASSWORD
    );
    let init = ["db", "init", "--admin-url", &admin];
    let plan = said(&run(&[&init[..], &["--dry-run"]].concat(), &[]));
    for wanted in [
        "create role agent_memory_owner login nosuperuser createdb",
        "create role agent_memory_user login",
        "create role agent_memory_backup login nosuperuser nocreatedb nocreaterole bypassrls",
        "create database agent_memory owner agent_memory_owner",
        "revoke all on schema public from public",
        "revoke all on database agent_memory from public",
    ] {
        assert!(plan.contains(wanted), "{wanted} is not in\n{plan}");
    }
    assert!(!plan.contains("SCRAM"), "{plan}");
    let superuser = external::target(port, "postgres", "postgres", "require", true);
    assert!(
        superuser
            .with_database("agent_memory")
            .connect()
            .await
            .is_err(),
        "a dry run makes nothing"
    );
    let file = scratch("access").join("env");
    said(&run(
        &[&init[..], &["--write", file.to_str().unwrap()]].concat(),
        &[],
    ));
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    // Again: nothing is made anew, and no password changes.
    let again = said(&run(&init, &[]));
    assert!(
        again.contains("was there, its password is as it was") && !again.contains("PGPASSWORD="),
        "{again}"
    );
    let settings =
        agent_memory::config::parse_env_file(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let of = |name: &str| settings.iter().find(|(n, _)| n == name).unwrap().1.clone();
    assert!(of("PGPASSWORD").len() >= 32 && of("PGOWNER_PASSWORD").len() >= 32);
    let home = scratch("access").join("served");
    let running = Running::start(&home, |command| {
        command
            .arg("--env-file")
            .arg(&file)
            .env("ENCRYPTION_KEY_FILE", scratch("access").join("key"))
            .env("NODE_ENV", "production");
    });
    let story = json!({"session_id": "s", "with_whom": "Ada", "story": "x"});
    Client::new(&running.url)
        .call::<handoff::Create>(story.clone())
        .await
        .ok();
    let application = external::target(port, "agent_memory_user", "agent_memory", "require", true)
        .as_role("agent_memory_user", Some(Password::Given(of("PGPASSWORD"))));
    tries_everything(&application, "agent_memory_owner").await;
    // The guide's hardening, typed in by hand, and what it grants too much of is taken back by the next migration.
    let inside = superuser
        .with_database("agent_memory")
        .connect()
        .await
        .unwrap();
    inside.batch("revoke create on schema public from public; grant usage on schema public to agent_memory_user; \
                  grant select, insert, update, delete on all tables in schema public to agent_memory_user; \
                  grant usage, select on all sequences in schema public to agent_memory_user; \
                  alter table session_handoffs enable row level security").await.unwrap();
    Client::new(&running.url)
        .call::<handoff::Create>(story.clone())
        .await
        .ok();
    let role = application.connect().await.unwrap();
    let peep = "do $$ begin if exists (select from tenants) or exists (select from audit_heads) or exists (select from session_handoffs) then raise 'seen'; end if; end $$";
    role.batch(peep).await.unwrap();
    let owner = application.as_role(
        "agent_memory_owner",
        Some(Password::Given(of("PGOWNER_PASSWORD"))),
    );
    migrate::up(&owner, "agent_memory_user").await.unwrap();
    tries_everything(&application, "agent_memory_owner").await;
    Client::new(&running.url)
        .call::<handoff::Create>(story)
        .await
        .ok();
    let env = file.display().to_string();
    let findings = run(
        &[
            "doctor",
            "--json",
            "--env-file",
            &env,
            "--data-dir",
            home.to_str().unwrap(),
        ],
        &[(
            "ENCRYPTION_KEY_FILE",
            scratch("access").join("key").to_str().unwrap(),
        )],
    );
    let findings: Vec<Value> = serde_json::from_slice(&findings.stdout).unwrap();
    let level = |code: &str| {
        findings
            .iter()
            .find(|finding| finding["code"] == code)
            .map(|finding| finding["level"].clone())
            .unwrap()
    };
    for code in [
        "configuration",
        "settings",
        "database",
        "schema",
        "role",
        "policies",
        "keys",
        "encryption_key",
        "audit",
        "tls",
    ] {
        assert_eq!(level(code), "ok", "{code}: {findings:?}");
    }
    assert_eq!(level("database_log"), "warn");
    superuser
        .connect()
        .await
        .unwrap()
        .batch("alter system set log_statement = 'ddl'")
        .await
        .unwrap();
    superuser
        .connect()
        .await
        .unwrap()
        .batch("select pg_reload_conf()")
        .await
        .unwrap();
    inside
        .batch("alter table decisions disable row level security")
        .await
        .unwrap();
    let output = run(
        &[
            "doctor",
            "--env-file",
            &env,
            "--data-dir",
            home.to_str().unwrap(),
        ],
        &[("ENCRYPTION_KEY_FILE", "/nonexistent/key")],
    );
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(78), "{text}");
    assert!(
        text.contains("does not keep tenants apart in public.decisions")
            && text.contains("log_statement = ddl"),
        "{text}"
    );
    assert!(!text.contains(&of("PGPASSWORD")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_role_can_do_nothing_else_either() {
    let home = scratch("lock").join("data");
    let running = Running::start(&home, |_| {});
    Client::new(&running.url)
        .call::<handoff::Create>(json!({"session_id": "s", "with_whom": "Ada", "story": "x"}))
        .await
        .ok();
    let passwords = std::fs::read_to_string(home.join("pgpass")).unwrap();
    let password = passwords
        .lines()
        .find(|line| line.contains(":agent_memory_user:"))
        .unwrap()
        .rsplit(':')
        .next()
        .unwrap()
        .to_owned();
    let host = home.join("run").display().to_string();
    let parts = agent_memory::db::Parts {
        host: &host,
        port: "5432",
        database: "agent_memory",
        user: "agent_memory_user",
        ..Default::default()
    };
    let security = agent_memory::db::Security {
        sslmode: "disable",
        ..Default::default()
    };
    let parts = agent_memory::db::Parts { security, ..parts };
    let application = Target::new(
        &parts,
        Password::Given(password),
        std::time::Duration::from_secs(5),
        true,
    )
    .unwrap();
    tries_everything(&application, "agent_memory_owner").await;
    let output = run(&["doctor", "--data-dir", home.to_str().unwrap()], &[]);
    assert!(
        said(&output).contains("agent_memory_user may read and write rows, and nothing else"),
        "{}",
        said(&output)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_and_keys_are_looked_after_from_the_command_line() {
    let home = scratch("commands").join("data");
    let running = Running::start(&home, |command| {
        command.env("API_AUTH_ENABLED", "true");
    });
    let at = ["--data-dir", home.to_str().unwrap()];
    let command = |words: &[&str]| run(&[&at[..], words].concat(), &[]);
    let json = |words: &[&str]| -> Value { serde_json::from_str(&said(&command(words))).unwrap() };
    assert_eq!(
        json(&[
            "tenants",
            "create",
            "acme",
            "--isolation",
            "schema",
            "--max-rows",
            "1"
        ])["quotas"]["max_rows"],
        1
    );
    let made = json(&[
        "keys", "create", "--tenant", "acme", "--access", "write", "--name", "laptop",
    ]);
    let client = Client::new(&running.url).key(made["key"].as_str().unwrap());
    let story = json!({"session_id": "s", "with_whom": "Ada", "story": "x"});
    client.call::<handoff::Create>(story.clone()).await.ok();
    client
        .call::<handoff::Create>(story.clone())
        .await
        .refused(507);
    assert_eq!(
        json(&["tenants", "update", "acme", "--lift", "max_rows"])["quotas"]["max_rows"],
        Value::Null
    );
    crate::support::until("the quota to be lifted", 5, async || {
        client.call::<handoff::Create>(story.clone()).await.status == 201
    })
    .await;
    assert_eq!(json(&["tenants", "get", "acme"])["rows"], 2);
    let refused = command(&["tenants", "delete", "acme", "--erase"]);
    assert_eq!(
        refused.status.code(),
        Some(65),
        "without --yes and without a terminal nothing is erased"
    );
    let erased = json(&["tenants", "delete", "acme", "--erase", "--yes"]);
    assert!(
        erased["tables"]
            .as_array()
            .unwrap()
            .iter()
            .all(|table| table["left"] == 0)
    );
    crate::support::until("the key to stop working", 5, async || {
        client.call::<handoff::Stats>(json!({})).await.status == 401
    })
    .await;
    assert!(said(&command(&["audit", "verify"])).contains("holds"));
    assert!(said(&command(&["audit", "list"])).contains("tenant_erase"));
    let key: &str = &said(&command(&["keys", "list", "--tenant", "*"]));
    let installation: Value = serde_json::from_str(key).unwrap();
    assert_eq!(installation["count"], 1);
    let _ = Client::new(&running.url)
        .call::<key::List>(json!({}))
        .await
        .refused(401);
}

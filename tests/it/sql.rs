//! Every statement can be prepared, every tenant table has its policy, the hot paths use their indexes, migrations behave.

use crate::support::cluster::{Mode, cluster, mode};
use crate::support::{Server, external};
use agent_memory::db::{Connection, Sql, migrate};
use std::path::{Path, PathBuf};

fn statement(name: &'static str, text: String) -> &'static Sql {
    Box::leak(Box::new(Sql {
        name,
        text: Box::leak(text.into_boxed_str()),
    }))
}

async fn ask(connection: &Connection, text: &str) -> Vec<String> {
    let name: &'static str = Box::leak(text.to_owned().into_boxed_str());
    let rows = connection
        .query(statement(name, text.to_owned()), &[])
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true if path.ends_with("migrations") => {}
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

#[tokio::test]
async fn every_statement_can_be_prepared_and_says_whose_it_is() {
    let server = Server::start().await;
    let superuser = server.superuser().await;
    superuser
        .batch("create extension if not exists pg_stat_statements")
        .await
        .unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    let mut found = Vec::new();
    files(&root, &mut found);
    assert!(found.len() > 60);
    let scripts = ["system/force_lift.sql", "system/migrations_table.sql"];
    for file in found {
        let name = file.strip_prefix(&root).unwrap().display().to_string();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("-- "),
            "{name} does not say in its first line what it is for"
        );
        if scripts.contains(&name.as_str()) {
            continue;
        }
        let plain: String = text
            .lines()
            .filter(|line| !line.starts_with("--"))
            .collect::<Vec<_>>()
            .join("\n");
        superuser
            .batch(&format!("prepare one as {plain}"))
            .await
            .unwrap_or_else(|error| panic!("{name}: {}", error.causes()));
        superuser.batch("deallocate one").await.unwrap();
        let batch_insert = text.contains("unnest($1::text[]");
        let filtered = [
            "tenant_id = $1",
            "values ($1,",
            "$1 = current_setting('app.tenant', true)",
        ]
        .iter()
        .any(|filter| plain.contains(filter));
        assert!(
            name.starts_with("system/") || name.starts_with("tenant/") || batch_insert || filtered,
            "{name} is bound to no tenant"
        );
    }
}

#[tokio::test]
async fn every_tenant_table_has_the_policy_and_tenant_keys() {
    let server = Server::start().await;
    let superuser = server.superuser().await;
    let tables = "select c.oid from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' \
                  where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> 'tenants'";
    let bare = format!(
        "select oid::regclass::text from pg_class where oid in ({tables}) and (not relrowsecurity or not exists \
         (select from pg_policy p where p.polrelid = pg_class.oid and p.polwithcheck is not null and p.polqual is not null))"
    );
    assert_eq!(ask(&superuser, &bare).await, Vec::<String>::new());
    assert!(
        ask(
            &superuser,
            &format!("select oid::regclass::text from pg_class where oid in ({tables})")
        )
        .await
        .len()
            >= 8
    );
    let keys = format!(
        "select conrelid::regclass || ' ' || conname from pg_constraint where conrelid in ({tables}) and contype in ('p', 'f') \
         and conkey[1] <> (select attnum from pg_attribute where attrelid = conrelid and attname = 'tenant_id')"
    );
    assert_eq!(
        ask(&superuser, &keys).await,
        Vec::<String>::new(),
        "keys and foreign keys begin with the tenant"
    );
    if mode() == Mode::Embedded {
        let owned = "select tablename::text from pg_tables where schemaname = 'public' and tableowner <> 'agent_memory_owner'";
        assert_eq!(ask(&superuser, owned).await, Vec::<String>::new());
    } else {
        let unforced = format!(
            "select oid::regclass::text from pg_class where oid in ({tables}) and not relforcerowsecurity order by 1"
        );
        assert_eq!(
            ask(&superuser, &unforced).await,
            ["audit_heads", "items", "job_runs"],
            "one role for both: the policies are forced on it"
        );
    }
}

#[tokio::test]
async fn the_hot_paths_walk_their_indexes() {
    let server = Server::start().await;
    let application = server.application().await;
    let rows = "insert into events (tenant_id, event_id, session_id, channel, actor_type, actor_id, kind, content, at, created_at) \
                select 't', 'evt_' || n, 's' || n % 50, 'private', 'human', 'a', 'message', '{}', now(), now() from generate_series(1, 5000) n; \
                insert into session_handoffs (tenant_id, handoff_id, session_id, with_whom, story, becoming, remember, created_at) \
                select 't', 'sh_' || n, 's' || n, 'Ada', 'x', 'y', 'z', now() from generate_series(1, 5000) n; \
                insert into items (tenant_id, item_id, valid_from, kind, session_id, at, terms, parts) \
                select 't', 'chk_' || n, now(), 'event', 's' || n % 50, now(), array[n, n % 7], '{0,2,0}' from generate_series(1, 5000) n";
    server.superuser().await.batch(rows).await.unwrap();
    for (name, arguments, index) in [
        (
            "wake/up",
            "'t', 'Ada', null, 3, 8, 5, 5, 5, 3",
            "idx_session_handoffs_with_whom",
        ),
        (
            "wake/up",
            "'t', 'Ada', null, 3, 8, 5, 5, 5, 3",
            "idx_session_handoffs_remember",
        ),
        (
            "wake/up",
            "'t', 'Ada', null, 3, 8, 5, 5, 5, 3",
            "idx_session_handoffs_becoming",
        ),
        (
            "wake/up",
            "'t', 'Ada', null, 3, 8, 5, 5, 5, 3",
            "idx_decisions_active",
        ),
        (
            "recall/candidates",
            "'t', '{1,2}', '{3,4,5,6}', '{}', '{}', null, null, '{}', null, null, null, null, '{none}', false, 10, 100",
            "idx_items_terms",
        ),
        (
            "recall/neighbours",
            "'t', '{s1}', '{2026-01-01}', '{chk_1}', null, '{none}'",
            "idx_items_session",
        ),
        (
            "recall/newest",
            "'t', '{1,2}', '{none}', 100, false, 10",
            "idx_items_at",
        ),
        ("recall/statistics", "'t', '{1,2}'", "term_counts_pkey"),
        (
            "consolidation/aged",
            "'t', now(), now(), now(), 10",
            "idx_session_handoffs_compress",
        ),
        (
            "identity/thread",
            "'t', null, null, 10",
            "idx_session_handoffs_becoming",
        ),
        (
            "event/list",
            "'t', 's', null, null, 10",
            "idx_events_session",
        ),
        ("handoff/get", "'t', 'sh_1', false", "session_handoffs_pkey"),
    ] {
        let text = std::fs::read_to_string(
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("sql/{name}.sql")),
        )
        .unwrap();
        let plain: String = text
            .lines()
            .filter(|line| !line.starts_with("--"))
            .collect::<Vec<_>>()
            .join("\n");
        application.batch("begin").await.unwrap();
        application
            .query(
                match name.starts_with("recall/") {
                    true => agent_memory::sql!("system/bind_recall"),
                    false => agent_memory::sql!("system/bind"),
                },
                &[&"t", &"5s", &"force_generic_plan"],
            )
            .await
            .unwrap();
        application
            .batch(&format!("prepare one as {plain}"))
            .await
            .unwrap();
        // Without statistics a planner is most tempted.
        let plan = ask(&application, &format!("explain execute one({arguments})"))
            .await
            .join("\n");
        application.batch("deallocate one; rollback").await.unwrap();
        assert!(
            plan.contains(index) && !plan.contains("Seq Scan"),
            "{name} does not use {index}:\n{plan}"
        );
    }
}

#[tokio::test]
async fn migrations_run_once_however_many_start_together() {
    let cluster = tokio::task::spawn_blocking(cluster).await.unwrap();
    let database = cluster.empty_database().await;
    let owner = cluster.owner.with_database(&database);
    let application = cluster.application.user().to_owned();
    let up = || {
        let (owner, application) = (owner.clone(), application.clone());
        tokio::spawn(async move { migrate::up(&owner, &application).await.unwrap() })
    };
    let (a, b, c) = (up(), up(), up());
    assert_eq!(
        a.await.unwrap() + b.await.unwrap() + c.await.unwrap(),
        migrate::all().unwrap().len()
    );
    let superuser = cluster
        .superuser
        .with_database(&database)
        .connect()
        .await
        .unwrap();
    superuser
        .batch("insert into schema_migrations values (9999, 'from_the_future', '')")
        .await
        .unwrap();
    assert_eq!(
        migrate::status(&owner).await.unwrap_err().code(),
        "schema_newer"
    );
    superuser.batch("delete from schema_migrations where version = 9999; update schema_migrations set checksum = 'x' where version = 1").await.unwrap();
    assert_eq!(
        migrate::up(&owner, &application).await.unwrap_err().code(),
        "schema_differs"
    );
}

#[tokio::test]
async fn the_guides_grants_and_hardening_leave_a_schema_that_works() {
    if mode() != Mode::Session {
        return;
    }
    // The guide's own commands, word for word; what they leave out is named in one command.
    let admin = external::target(external::port(), "postgres", "postgres", "require", true)
        .connect()
        .await
        .unwrap();
    admin.batch("create database guide").await.unwrap();
    admin
        .batch("grant all privileges on database guide to agent_memory_user")
        .await
        .unwrap();
    let owner = external::target(
        external::port(),
        "agent_memory_user",
        "guide",
        "require",
        true,
    );
    let error = migrate::up(&owner, "agent_memory_user").await.unwrap_err();
    assert!(
        error
            .message()
            .contains("GRANT USAGE, CREATE ON SCHEMA public"),
        "{error}"
    );
    let inside = external::target(external::port(), "postgres", "guide", "require", true)
        .connect()
        .await
        .unwrap();
    inside
        .batch("grant usage, create on schema public to agent_memory_user")
        .await
        .unwrap();
    migrate::up(&owner, "agent_memory_user").await.unwrap();
    inside
        .batch(
            "revoke create on schema public from public; grant usage on schema public to agent_memory_user; \
             grant select, insert, update, delete on all tables in schema public to agent_memory_user; \
             grant usage, select on all sequences in schema public to agent_memory_user; \
             alter table session_handoffs enable row level security",
        )
        .await
        .unwrap();
    assert_eq!(migrate::up(&owner, "agent_memory_user").await.unwrap(), 0);
}

//! What the application's role must not be able to do, and whether it is refused.

use agent_memory::db::Target;

/// What the application's role must not be able to do.
const FORBIDDEN: &[&str] = &[
    // structure
    "create table t (x int)",
    "create temporary table t (x int)",
    "create unlogged table t (x int)",
    "create view v as select 1",
    "create materialized view v as select 1",
    "create schema s",
    "create sequence s",
    "create type t as (x int)",
    "create domain d as int",
    "create function f() returns int language sql as 'select 1'",
    "create procedure p() language sql as 'select 1'",
    "create aggregate a (int) (sfunc = int4pl, stype = int)",
    "create index i on session_handoffs (story)",
    "create statistics s on session_id, with_whom from session_handoffs",
    "create trigger t before insert on session_handoffs for each row execute function suppress_redundant_updates_trigger()",
    "create rule r as on select to session_handoffs do instead nothing",
    "create policy p on session_handoffs using (true)",
    "alter extension plpgsql set schema public",
    "create publication p for all tables",
    "create subscription s connection '' publication p",
    "create event trigger t on ddl_command_start execute function suppress_redundant_updates_trigger()",
    "create foreign data wrapper w",
    "create language l handler plpgsql_call_handler",
    "create collation c from \"C\"",
    "create text search configuration c (copy = english)",
    "create tablespace t location '/tmp'",
    "create database d",
    "do $$ begin execute 'create table t (x int)'; end $$",
    "drop table session_handoffs",
    "drop function tenant_ensure(text)",
    "drop policy tenant_isolation on session_handoffs",
    "drop schema public cascade",
    "alter table session_handoffs add column x int",
    "alter table session_handoffs disable row level security",
    "alter table session_handoffs no force row level security",
    "alter table session_handoffs owner to current_user",
    "alter policy tenant_isolation on session_handoffs using (true)",
    "alter function tenant_ensure(text) security invoker",
    "alter database {database} set work_mem = '1GB'",
    "truncate session_handoffs",
    "reindex table session_handoffs",
    "cluster session_handoffs using session_handoffs_pkey",
    "comment on table session_handoffs is 'mine'",
    "select tenant_table('tenants')",
    // other roles
    "set role {owner}",
    "set role postgres",
    "set session authorization postgres",
    "grant {owner} to current_user",
    "alter role current_user bypassrls",
    "alter role current_user superuser",
    "alter role {owner} password 'x'",
    "create role r login",
    "drop role {owner}",
    "set session_replication_role = 'replica'",
    // other rows
    "select * from tenants",
    "insert into tenants (tenant_id) values ('mine')",
    "select * from installation",
    "update installation set encryption_key_id = null",
    "select * from audit_heads",
    "update audit_log set operation = 'x'",
    "delete from audit_log",
    "insert into schema_migrations values (9999, 'x', 'x')",
    "delete from schema_migrations",
    "select * from pg_authid",
    "select * from pg_shadow",
    "select * from pg_user_mapping",
    "select * from pg_statistic",
    // the machine
    "copy (select 1) to program 'id'",
    "copy session_handoffs from program 'id'",
    "copy (select 1) to '/tmp/agent-memory-forbidden'",
    "copy session_handoffs from '/etc/passwd'",
    "select pg_read_file('/etc/passwd')",
    "select pg_read_binary_file('PG_VERSION')",
    "select pg_ls_dir('.')",
    "select pg_stat_file('PG_VERSION')",
    "load 'dblink'",
    "alter system set log_statement = 'all'",
    "set log_statement = 'none'",
    "select pg_reload_conf()",
    "select pg_rotate_logfile()",
    "select pg_switch_wal()",
    "select pg_create_physical_replication_slot('s')",
    // large objects
    "select lo_create(0)",
    "select lo_creat(-1)",
    "select lo_from_bytea(0, 'x')",
    "select lo_put(1, 0, 'x')",
    "select lo_get(1)",
    "select lo_open(1, 131072)",
    "select lo_unlink(1)",
    "select lo_import('/etc/passwd')",
    "select lo_export(1, '/tmp/agent-memory-forbidden')",
];

/// Tries all of it, each on a connection of its own.
pub async fn tries_everything(application: &Target, owner: &str) {
    let (mut tried, mut odd) = (0, Vec::new());
    for action in FORBIDDEN {
        let action = action
            .replace("{owner}", owner)
            .replace("{database}", application.database());
        let role = application.connect().await.unwrap();
        role.batch("select set_config('app.tenant', 'acme', false)")
            .await
            .unwrap();
        // The refusal has to be one of rights, not of a slip in this list.
        let words = [
            "permission denied",
            "must be owner",
            "must be superuser",
            "must be able to",
            "must be a superuser",
            "must have",
            "row-level security",
            "is not allowed",
        ];
        match role.batch(&action).await {
            Ok(()) => odd.push(format!("{action}: it was done")),
            Err(error) if words.iter().any(|word| error.causes().contains(word)) => tried += 1,
            Err(error) => odd.push(format!("{action}: {}", error.causes())),
        }
    }
    assert!(
        odd.is_empty() && tried >= 60,
        "{tried} refused; {}",
        odd.join("\n")
    );
}

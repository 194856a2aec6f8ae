-- the list of migrations; several servers may start at once, and "if not exists" alone is no lock
begin;
select pg_advisory_xact_lock(4839201776451);
create table if not exists schema_migrations (
    version    integer     not null,
    name       text        not null,
    checksum   text        not null,
    applied_at timestamptz not null default now(),
    constraint schema_migrations_pkey primary key (version)
);
commit;

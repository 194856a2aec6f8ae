-- Installation: runs of jobs in full, a tenant's own schedule, and what the database grew by.

alter table job_runs
    add column run_id      text collate "C",
    add column trigger     text    not null default 'schedule',
    add column start_after timestamptz, -- not all of one instant begin at once
    add column attempt     integer not null default 0, -- who has an older one has lost the run to another
    add column failures    integer not null default 0,
    add column result      jsonb   not null default '{}',
    add constraint job_run_trigger check (trigger in ('schedule', 'manual'));
create unique index idx_job_runs_run_id on job_runs (run_id);
-- of a tenant one run of a job at a time
create unique index idx_job_runs_one_at_a_time on job_runs (tenant_id, job) where state = 'running';
drop index idx_job_runs_open;
create index idx_job_runs_open on job_runs (start_after, scheduled_at) where state in ('waiting', 'running');
create index idx_job_runs_history on job_runs (tenant_id, scheduled_at desc);

alter table tenants add column consolidation jsonb not null default '{}'; -- what differs from the installation's settings
drop function tenant_find(text);
create function tenant_find(name text) returns table (number integer, isolation text, deleted_at timestamptz,
    requests_per_second integer, concurrent_requests integer, events_per_day bigint, max_rows bigint, max_bytes bigint, data_key bytea,
    wrapped_by text, consolidation jsonb)
language sql stable security definer set search_path from current as $$
    select t.number, t.isolation, t.deleted_at, t.requests_per_second, t.concurrent_requests, t.events_per_day, t.max_rows, t.max_bytes,
           t.data_key, t.wrapped_by, t.consolidation
    from tenants t where t.tenant_id = name
$$;

-- One row a day: what there was.
create table storage_samples (
    day            date   not null,
    database_bytes bigint not null,
    constraint storage_samples_pkey primary key (day)
);

-- The runs of consolidation, by the name that the documented API has for them.
create view consolidation_jobs with (security_invoker) as
select tenant_id, run_id as job_id, scheduled_at, trigger, state, done as items_processed, result, error, started_at, ended_at
from job_runs where job = 'consolidation';

-- Installation: what the server does by itself, run by run. A run is one row: whoever inserts or takes it does it, and nobody else.

create table job_runs (
    tenant_id    text collate "C" not null, -- '*' for the installation's own
    job          text             not null,
    scheduled_at timestamptz      not null,
    state        text             not null default 'waiting',
    done         bigint           not null default 0,
    total        bigint           not null default 0,
    cursor       text             not null default '',
    error        text,
    started_at   timestamptz,
    beat_at      timestamptz,
    ended_at     timestamptz,
    constraint job_runs_pkey primary key (tenant_id, job, scheduled_at),
    constraint job_run_state check (state in ('waiting', 'running', 'done', 'failed'))
);
select tenant_table('job_runs');
create index idx_job_runs_open on job_runs (job, scheduled_at) where state in ('waiting', 'running');

-- What was stored before there was an index of it.
insert into job_runs (tenant_id, job, scheduled_at) select tenant_id, 'recall_index', now() from tenants;

-- consolidation_run: a run by hand begins: $2 job, $3 now, $4 its id, $5 where it begins
insert into job_runs (tenant_id, job, scheduled_at, run_id, trigger, state, attempt, started_at, beat_at, cursor)
values ($1, $2, $3, $4, 'manual', 'running', 1, $3, clock_timestamp(), $5)
returning tenant_id, job, scheduled_at, run_id, started_at, attempt, failures, done, total, cursor, result::text as result

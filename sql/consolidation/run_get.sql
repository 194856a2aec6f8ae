-- consolidation_run: a run by its id ($2)
select run_id, state, trigger, scheduled_at, started_at, ended_at, result::text as result, error from job_runs where tenant_id = $1 and run_id = $2

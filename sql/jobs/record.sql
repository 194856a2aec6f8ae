-- jobs: how far a run is: $2 job, $3 when it was due, $4 the attempt that says so, $5 state, $6 done, $7 total, $8 cursor, $9 result,
-- $10 error, $11 when it may go on, $12 failures in a row, $13 its end; no row when another has taken the run over
update job_runs
set state = $5, done = $6, total = $7, cursor = $8, result = $9::text::jsonb, error = $10, beat_at = clock_timestamp(),
    start_after = case when $5 = 'waiting' then $11 else start_after end, failures = $12, ended_at = $13
where tenant_id = $1 and job = $2 and scheduled_at = $3 and attempt = $4 and state = 'running'
returning run_id

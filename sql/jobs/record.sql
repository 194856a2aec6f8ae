-- jobs: how far a run is: $2 job, $3 when it was due, $4 state, $5 done, $6 total, $7 cursor, $8 error, $9 now
update job_runs
set state = $4::text, done = $5, total = $6, cursor = $7, error = $8, beat_at = $9::timestamptz, ended_at = case when $4::text in ('done', 'failed') then $9::timestamptz end
where tenant_id = $1 and job = $2 and scheduled_at = $3

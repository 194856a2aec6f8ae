-- consolidation_jobs: $2 job, $3 before when, $4 limit
select run_id, state, trigger, scheduled_at, started_at, ended_at, result::text as result, error
from job_runs
where tenant_id = $1 and job = $2 and ($3::timestamptz is null or scheduled_at < $3)
order by scheduled_at desc
limit $4

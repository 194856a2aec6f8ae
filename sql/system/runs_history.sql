-- jobs history, as the owner: $1 job, $2 tenant, $3 failed ones only, $4 limit
select run_id, tenant_id, job, scheduled_at, trigger, state, started_at, ended_at, done, total, result::text as result, error
from job_runs
where ($1::text is null or job = $1) and ($2::text is null or tenant_id = $2) and (not $3 or state = 'failed')
order by scheduled_at desc, tenant_id
limit $4

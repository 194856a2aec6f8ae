-- jobs: tenants with a run of a job ($1) that nobody does; who has not been heard of for a minute ($2 is a minute ago) does it no longer
select tenant_id, scheduled_at from job_runs
where job = $1 and (state = 'waiting' or state = 'running' and beat_at < $2)
order by scheduled_at, tenant_id

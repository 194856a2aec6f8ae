-- jobs: takes a run: $2 job, $3 when it was due, $4 a minute ago, $5 now
update job_runs set state = 'running', started_at = coalesce(started_at, $5), beat_at = $5, error = null
where tenant_id = $1 and job = $2 and scheduled_at = $3 and (state = 'waiting' or state = 'running' and beat_at < $4)
returning done, total, cursor

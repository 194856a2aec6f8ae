-- jobs, as the owner: takes a run that waits, or that nobody has worked on for $3 seconds: $1 jobs, $2 now
update job_runs r
set state = 'running', attempt = attempt + 1, started_at = coalesce(started_at, $2), beat_at = clock_timestamp()
from (select tenant_id, job, scheduled_at from job_runs w
      where job = any($1)
        and (state = 'waiting' and coalesce(start_after, scheduled_at) <= $2
             or state = 'running' and beat_at < clock_timestamp() - make_interval(secs => $3))
        and not exists (select from job_runs o where o.tenant_id = w.tenant_id and o.job = w.job and o.state = 'running'
                        and o.scheduled_at <> w.scheduled_at)
      order by coalesce(start_after, scheduled_at), tenant_id
      limit 1
      for update skip locked) next
where r.tenant_id = next.tenant_id and r.job = next.job and r.scheduled_at = next.scheduled_at
returning r.tenant_id, r.job, r.scheduled_at, r.run_id, r.started_at, r.attempt, r.failures, r.done, r.total, r.cursor, r.result::text as result

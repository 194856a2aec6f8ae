-- housekeeping, as the owner: forgets runs that ended before $1, but for the newest of each job and tenant
delete from job_runs r
where r.state in ('done', 'failed') and r.ended_at < $1
  and exists (select from job_runs n where n.tenant_id = r.tenant_id and n.job = r.job and n.scheduled_at > r.scheduled_at)

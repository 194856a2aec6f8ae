-- consolidation_status: when a run of a job ($2) last ended well
select max(ended_at) from job_runs where tenant_id = $1 and job = $2 and state = 'done'

-- backup_create: which set a run ($1) made; as the owner
select result->>'backup' from job_runs where run_id = $1

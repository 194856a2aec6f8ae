-- task_complete: $2 id, $3 the agent that claimed it, $4 how it ended, $5 now
update tasks set status = $4, ended_at = $5, updated_at = $5
where tenant_id = $1 and task_id = $2 and status = 'claimed' and claimed_by = $3
returning task_id

-- task_release: $2 id, $3 now
update tasks set status = 'open', claimed_by = null, claimed_at = null, updated_at = $3
where tenant_id = $1 and task_id = $2 and status = 'claimed'
returning task_id

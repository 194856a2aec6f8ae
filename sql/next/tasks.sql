-- next_actions: $2 the agent, $3 project_path, $4 limit: what it has claimed, then what it can claim, the most important first
(select * from tasks_seen
 where tenant_id = $1 and status = 'claimed' and claimed_by = $2 and ($3::text is null or project_path = $3)
 order by claimed_at, task_id
 limit $4)
union all
(select * from tasks_seen
 where tenant_id = $1 and status = 'open' and waits_for = '{}' and ($3::text is null or project_path = $3)
 order by priority desc, created_at, task_id
 limit $4)

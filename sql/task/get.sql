-- task_get: $2 id
select * from tasks_seen where tenant_id = $1 and task_id = $2

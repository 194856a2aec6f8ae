-- export_all
select * from tasks_seen where tenant_id = $1 order by created_at, task_id

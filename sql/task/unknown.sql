-- task_create: which of the ids ($2) are no task's
select w.id from unnest($2::text[]) as w (id)
where not exists (select from tasks t where t.tenant_id = $1 and t.task_id = w.id)

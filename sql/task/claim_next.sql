-- task_claim: $2 the agent, $3 now, $4 project_path. The most important that waits for nothing and that nobody else is about to claim
update tasks t set status = 'claimed', claimed_by = $2, claimed_at = $3, updated_at = $3
where t.tenant_id = $1
  and t.task_id = (select o.task_id from tasks o
                   where o.tenant_id = $1 and o.status = 'open' and ($4::text is null or o.project_path = $4)
                     and not exists (select from edges e join tasks d on d.tenant_id = $1 and d.task_id = e.to_id and d.status <> 'done'
                                     where e.tenant_id = $1 and e.from_id = o.task_id and e.edge_type = 'depends_on')
                   order by o.priority desc, o.created_at, o.task_id
                   limit 1
                   for update skip locked)
returning task_id

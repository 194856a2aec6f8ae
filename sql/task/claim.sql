-- task_claim: $2 id, $3 the agent, $4 now. Of two that come at once the second finds it claimed
update tasks t set status = 'claimed', claimed_by = $3, claimed_at = $4, updated_at = $4
where t.tenant_id = $1 and t.task_id = $2 and t.status = 'open'
  and not exists (select from edges e join tasks d on d.tenant_id = $1 and d.task_id = e.to_id and d.status <> 'done'
                  where e.tenant_id = $1 and e.from_id = t.task_id and e.edge_type = 'depends_on')
returning task_id

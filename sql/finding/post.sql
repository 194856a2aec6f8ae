-- finding_post, task_complete: $2 id, $3 task, $4 agent, $5 content, $6 confidence, $7 tags, $8 refs, $9 sensitivity, $10 sealed, $11 at
insert into findings (tenant_id, finding_id, task_id, agent_id, content, confidence, tags, refs, sensitivity, sealed, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict do nothing
returning finding_id

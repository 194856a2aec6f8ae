-- feedback_create: $2 id, $3 category, $4 kind, $5 description, $6 severity, $7 status, $8 agent, $9 sensitivity, $10 sealed, $11 at, $12 changed at
insert into feedback (tenant_id, feedback_id, category, kind, description, severity, status, agent_id, sensitivity, sealed, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict do nothing
returning feedback_id

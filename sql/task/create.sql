-- task_create, import: $2 id, $3 title, $4 description, $5 priority, $6 project_path, $7 tags, $8 by whom, $9 status, $10 claimed by whom, $11 claimed at,
-- $12 ended at, $13 sensitivity, $14 sealed, $15 at, $16 changed at
insert into tasks (tenant_id, task_id, title, description, priority, project_path, tags, created_by, status, claimed_by, claimed_at, ended_at,
                   sensitivity, sealed, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
on conflict do nothing
returning task_id

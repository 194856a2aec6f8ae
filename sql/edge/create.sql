-- edge_create: $2 id, $3 from, $4 to, $5 type, $6 weight, $7 by whom, $8 at, $9 changed at. No row where the same link is there
insert into edges (tenant_id, edge_id, from_id, to_id, edge_type, weight, created_by, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict do nothing
returning edge_id

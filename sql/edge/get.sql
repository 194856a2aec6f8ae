-- edge_create, edge_update: $2 id
select * from edges where tenant_id = $1 and edge_id = $2

-- edge_delete: $2 id
delete from edges where tenant_id = $1 and edge_id = $2 returning edge_id

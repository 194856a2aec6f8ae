-- export_all
select * from edges where tenant_id = $1 order by created_at, edge_id

-- export_all
select count(*) from edges where tenant_id = $1

-- export_all
select count(*) from feedback where tenant_id = $1

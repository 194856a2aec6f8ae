-- export_all
select count(*) from tasks where tenant_id = $1

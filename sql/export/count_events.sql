-- export_all
select count(*) from events where tenant_id = $1

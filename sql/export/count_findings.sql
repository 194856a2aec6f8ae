-- export_all
select count(*) from findings where tenant_id = $1 and withheld is null

-- export_all
select count(*) from capsules where tenant_id = $1 and withheld is null

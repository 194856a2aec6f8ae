-- export_all
select count(*) from decisions where tenant_id = $1 and withheld is null

-- export_all
select * from capsules where tenant_id = $1 and withheld is null order by created_at, capsule_id

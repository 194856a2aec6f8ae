-- export_all
select * from findings where tenant_id = $1 and withheld is null order by created_at, finding_id

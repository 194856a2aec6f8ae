-- export_all
select * from decisions where tenant_id = $1 order by created_at, decision_id

-- export_all
select * from feedback where tenant_id = $1 order by created_at, feedback_id

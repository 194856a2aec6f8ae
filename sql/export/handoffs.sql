-- export_all
select * from session_handoffs where tenant_id = $1 and deleted_at is null order by created_at, handoff_id

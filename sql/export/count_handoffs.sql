-- export_all
select count(*) from session_handoffs where tenant_id = $1 and deleted_at is null and withheld is null

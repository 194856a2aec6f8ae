-- housekeeping: $2 older than
delete from session_handoffs where tenant_id = $1 and deleted_at < $2

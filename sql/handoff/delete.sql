-- handoff_delete: $2 id, $3 when; into the trash
update session_handoffs set deleted_at = $3 where tenant_id = $1 and handoff_id = $2 and deleted_at is null returning handoff_id

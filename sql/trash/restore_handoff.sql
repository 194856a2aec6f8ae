-- trash_restore: $2 id
update session_handoffs set deleted_at = null where tenant_id = $1 and handoff_id = $2 and deleted_at is not null
returning handoff_id, supersedes, created_at

-- handoff_create: $2 the old handoff, $3 the new one
update session_handoffs set superseded_by = $3 where tenant_id = $1 and handoff_id = $2 and superseded_by is null and deleted_at is null returning handoff_id

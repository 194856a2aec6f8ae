-- handoff_delete: what the handoff ($2) replaced is in force again
update session_handoffs set superseded_by = null where tenant_id = $1 and superseded_by = $2 returning handoff_id

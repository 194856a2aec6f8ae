-- $2 ids: those that are stored
select handoff_id from session_handoffs where tenant_id = $1 and handoff_id = any($2)

-- handoff_delete with erase=true: $2 id, for good, from the trash as well
delete from session_handoffs where tenant_id = $1 and handoff_id = $2 returning handoff_id

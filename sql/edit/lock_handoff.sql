-- edit_approve, edit_reject: $2 id
select * from session_handoffs where tenant_id = $1 and handoff_id = $2 for update

-- handoff_delete: what the handoff ($2) replaced is in force again, or gives way to what replaced the handoff itself
update session_handoffs h
set superseded_by = (select b.superseded_by from session_handoffs b where b.tenant_id = $1 and b.handoff_id = $2)
where h.tenant_id = $1 and h.superseded_by = $2
returning h.handoff_id, h.superseded_by is null

-- identity_consolidation: principles whose words are no longer in force; what rested on them is grouped again
delete from principles p using session_handoffs h
where p.tenant_id = $1 and h.tenant_id = $1 and h.handoff_id = p.handoff_id and not h.in_force
returning p.principle_id

-- edit_approve, edit_reject: a handoff ($2) is kept back; $3 why, or null when it may be shown again
update session_handoffs t set withheld = $3::text
where t.tenant_id = $1 and t.handoff_id = $2
returning handoff_id

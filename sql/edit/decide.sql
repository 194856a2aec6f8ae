-- edit_approve, edit_reject: $2 id, $3 status, $4 reason, $5 patch, $6 before, $7 sensitivity, $8 sealed, $9 when
update edits set status = $3, reason = $4, patch = $5, before = $6, sensitivity = $7, sealed = $8, decided_at = $9
where tenant_id = $1 and edit_id = $2

-- edit_approve, edit_reject: $2 id, $3 to $8 its texts, $9 sensitivity, $10 sealed, $11 significance
update session_handoffs
set experienced = $3, noticed = $4, learned = $5, story = $6, becoming = $7, remember = $8, sensitivity = $9, sealed = $10, significance = $11,
    compression_level = 'full', compressed = null
where tenant_id = $1 and handoff_id = $2

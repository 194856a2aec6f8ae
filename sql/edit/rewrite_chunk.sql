-- edit_approve, edit_reject: $2 id, $3 text, $4 tokens, $5 sealed
update chunks set text = $3, token_count = $4, sealed = $5 where tenant_id = $1 and chunk_id = $2

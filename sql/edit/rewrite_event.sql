-- edit_approve, edit_reject: $2 id, $3 content, $4 sealed; what it was at first is kept
update events
set original = coalesce(original, content::text), original_sealed = coalesce(original_sealed, sealed), content = $3::text::json, sealed = $4
where tenant_id = $1 and event_id = $2

-- edit_approve, edit_reject: $2 id, $3 content, $4 sealed
update events set content = $3::text::json, sealed = $4 where tenant_id = $1 and event_id = $2

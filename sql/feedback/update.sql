-- feedback_update: $2 id, then what changes or null: $3 status, $4 severity; $5 at
update feedback set status = coalesce($3, status), severity = coalesce($4, severity), updated_at = $5
where tenant_id = $1 and feedback_id = $2
returning feedback_id

-- knowledge_update: $2 id, then what changes or null, $9 at
update knowledge_notes
set title = coalesce($3, title), content = coalesce($4, content), source_handoffs = coalesce($5, source_handoffs),
    tags = coalesce($6, tags), confidence = coalesce($7, confidence), pinned = coalesce($8, pinned), updated_at = $9
where tenant_id = $1 and note_id = $2 and deleted_at is null
returning note_id

-- trash_restore: $2 id
update knowledge_notes set deleted_at = null where tenant_id = $1 and note_id = $2 and deleted_at is not null
returning note_id

-- knowledge_delete: $2 id, $3 when; into the trash
update knowledge_notes set deleted_at = $3 where tenant_id = $1 and note_id = $2 and deleted_at is null returning note_id

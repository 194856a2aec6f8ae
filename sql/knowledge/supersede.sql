-- knowledge_create: $2 the old note, $3 the new one
update knowledge_notes set superseded_by = $3 where tenant_id = $1 and note_id = $2 and superseded_by is null and deleted_at is null returning note_id

-- knowledge_get: $2 id, $3 whether one in the trash counts
select * from knowledge_notes where tenant_id = $1 and note_id = $2 and ($3 or deleted_at is null and withheld is null)

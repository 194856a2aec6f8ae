-- knowledge_update: $2 id; nobody else changes it meanwhile
select * from knowledge_notes where tenant_id = $1 and note_id = $2 and deleted_at is null and withheld is null for update

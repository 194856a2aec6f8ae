-- knowledge_delete with erase=true: $2 id, for good, from the trash as well; the edits of it say what it said
with edited as (delete from edits where tenant_id = $1 and target_id = $2),
     unlinked as (delete from edges where tenant_id = $1 and (from_id = $2 or to_id = $2))
delete from knowledge_notes where tenant_id = $1 and note_id = $2 returning note_id

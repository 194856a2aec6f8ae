-- edit_approve, edit_reject: $2 id
select * from knowledge_notes where tenant_id = $1 and note_id = $2 for update

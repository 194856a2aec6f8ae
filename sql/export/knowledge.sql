-- export_all
select * from knowledge_notes where tenant_id = $1 and deleted_at is null order by created_at, note_id

-- export_all
select count(*) from knowledge_notes where tenant_id = $1 and deleted_at is null and withheld is null

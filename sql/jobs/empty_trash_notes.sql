-- housekeeping: $2 older than
delete from knowledge_notes where tenant_id = $1 and deleted_at < $2

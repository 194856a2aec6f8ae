-- session_startup: how much there is
select (select count(*) from session_handoffs where tenant_id = $1 and deleted_at is null),
       (select count(*) from knowledge_notes where tenant_id = $1 and deleted_at is null)

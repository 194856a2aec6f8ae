-- recall_index: how much there is
select (select count(*) from session_handoffs where tenant_id = $1) + (select count(*) from knowledge_notes where tenant_id = $1)
       + (select count(*) from decisions where tenant_id = $1) + (select count(*) from chunks where tenant_id = $1)

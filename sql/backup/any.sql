-- backup restore --tenant: whether the tenant has memories
select exists (select from session_handoffs where tenant_id = $1) or exists (select from knowledge_notes where tenant_id = $1)
    or exists (select from decisions where tenant_id = $1) or exists (select from events where tenant_id = $1)
    or exists (select from rules where tenant_id = $1) or exists (select from capsules where tenant_id = $1)
    or exists (select from tasks where tenant_id = $1) or exists (select from findings where tenant_id = $1)
    or exists (select from edges where tenant_id = $1) or exists (select from feedback where tenant_id = $1)

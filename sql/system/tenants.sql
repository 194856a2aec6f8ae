-- every tenant; as the owner
select tenant_id, number, isolation, created_at, deleted_at, consolidation::text as consolidation from tenants order by tenant_id

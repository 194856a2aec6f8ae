-- every tenant; as the owner
select tenant_id, number, isolation, deleted_at from tenants order by tenant_id

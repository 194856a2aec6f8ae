-- every tenant; as the owner
select tenant_id from tenants order by tenant_id

-- the end of a tenant ($1) and of its data key; as the owner
delete from tenants where tenant_id = $1

-- how far the schema of a tenant ($1) is; as the owner
select coalesce(schema_version, 0) from tenants where tenant_id = $1

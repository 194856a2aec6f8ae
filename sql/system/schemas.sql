-- tenants that have a schema of their own; as the owner
select tenant_id, number from tenants where isolation = 'schema' order by number

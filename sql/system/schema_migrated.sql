-- $1 tenant, $2 version; as the owner
update tenants set schema_version = $2 where tenant_id = $1

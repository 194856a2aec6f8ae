-- $1 tenant, $2 its wrapped data key, $3 what it is wrapped by; as the owner
update tenants set data_key = $2, wrapped_by = $3 where tenant_id = $1

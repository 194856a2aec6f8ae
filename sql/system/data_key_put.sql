-- backup verify: gives a tenant of a scratch database the key that a backup has of it: $1 tenant, $2 key, $3 what wraps it
update tenants set data_key = $2, wrapped_by = $3 where tenant_id = $1

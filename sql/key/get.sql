-- key_create: $2 id
select key_id, name, access, created_at, expires_at, revoked_at from api_keys where tenant_id = $1 and key_id = $2

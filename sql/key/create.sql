-- key_create: $2 id, $3 hash, $4 name, $5 access, $6 at, $7 expires
insert into api_keys (tenant_id, key_id, hash, name, access, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)

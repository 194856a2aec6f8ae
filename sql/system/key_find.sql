-- who holds the key with this hash ($1); before any tenant is known
select tenant_id, key_id, access, expires_at, hash from api_key_find($1)

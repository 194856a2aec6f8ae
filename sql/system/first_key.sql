-- $1 id, $2 hash, $3 at: a key of the installation; as the owner
insert into api_keys (tenant_id, key_id, hash, name, access, created_at) values ('*', $1, $2, 'first admin key', 'admin', $3)
on conflict (hash) do nothing

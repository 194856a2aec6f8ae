-- $2 key, $3 operation, $4 fingerprint: one row when the key is new
insert into idempotency_keys (tenant_id, key, operation, fingerprint) values ($1, $2, $3, $4)
on conflict do nothing
returning key

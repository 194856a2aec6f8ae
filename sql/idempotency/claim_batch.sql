-- claims of many tenants at once; gives those that were not there before
insert into idempotency_keys (tenant_id, key, operation, fingerprint, ids)
select set_config('app.tenant', t.tenant_id, true), t.key, t.operation, t.fingerprint, t.ids::text[]
from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[]) as t (tenant_id, key, operation, fingerprint, ids)
on conflict do nothing
returning tenant_id, key, ids

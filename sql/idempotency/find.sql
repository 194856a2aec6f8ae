-- $2 key: what it was used for
select operation, fingerprint, ids from idempotency_keys where tenant_id = $1 and key = $2

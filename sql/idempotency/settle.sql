-- $2 key, $3 the ids that came of it
update idempotency_keys set ids = $3 where tenant_id = $1 and key = $2

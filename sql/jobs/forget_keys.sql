-- housekeeping: $2 older than
delete from idempotency_keys where tenant_id = $1 and created_at < $2

-- tenant_restore, as the owner: $1 name
update tenants set deleted_at = null
where tenant_id = $1
returning tenant_id, isolation, created_at, deleted_at, requests_per_second, concurrent_requests, events_per_day, max_rows, max_bytes,
       consolidation::text as consolidation

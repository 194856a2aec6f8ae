-- tenant_delete, as the owner: $1 name, $2 when
update tenants set deleted_at = coalesce(deleted_at, $2)
where tenant_id = $1
returning tenant_id, isolation, created_at, deleted_at, requests_per_second, concurrent_requests, events_per_day, max_rows, max_bytes,
       consolidation::text as consolidation

-- tenant_get, as the owner: $1 name
select tenant_id, number, isolation, created_at, deleted_at, requests_per_second, concurrent_requests, events_per_day, max_rows, max_bytes,
       consolidation::text as consolidation
from tenants where tenant_id = $1

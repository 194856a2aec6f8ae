-- what a request has to know of its tenant
select number, isolation, deleted_at, requests_per_second, concurrent_requests, events_per_day, max_rows, max_bytes, data_key, wrapped_by,
       consolidation::text as consolidation
from tenant_find($1)

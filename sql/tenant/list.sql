-- tenant_list, as the owner: $1 after which name, $2 the trash too, $3 limit
select tenant_id, isolation, created_at, deleted_at, requests_per_second, concurrent_requests, events_per_day, max_rows, max_bytes,
       consolidation::text as consolidation
from tenants
where ($1::text is null or tenant_id > $1) and ($2 or deleted_at is null)
order by tenant_id
limit $3

-- tenant_update, as the owner: $1 name; of each quota whether it is named, and its value; $12 what differs for its consolidation
update tenants
set requests_per_second = case when $2 then $3 else requests_per_second end,
    concurrent_requests = case when $4 then $5 else concurrent_requests end,
    events_per_day = case when $6 then $7 else events_per_day end,
    max_rows = case when $8 then $9 else max_rows end,
    max_bytes = case when $10 then $11 else max_bytes end,
    consolidation = coalesce($12::text::jsonb, consolidation)
where tenant_id = $1
returning tenant_id, isolation, created_at, deleted_at, requests_per_second, concurrent_requests, events_per_day, max_rows, max_bytes,
       consolidation::text as consolidation

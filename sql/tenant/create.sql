-- tenant_create, as the owner: $1 name, $2 isolation, $3 to $7 quotas
insert into tenants (tenant_id, isolation, requests_per_second, concurrent_requests, events_per_day, max_rows, max_bytes)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict do nothing
returning number

-- backup restore, from exports: what an administrator had set for a tenant ($1), and whether it was in the trash; $2 as the backup has it
update tenants t
set created_at = s.created_at, deleted_at = s.deleted_at, requests_per_second = s.requests_per_second, concurrent_requests = s.concurrent_requests,
    events_per_day = s.events_per_day, max_rows = s.max_rows, max_bytes = s.max_bytes, consolidation = coalesce(s.consolidation, '{}')
from jsonb_populate_record(null::tenants, $2::text::jsonb) s
where t.tenant_id = $1

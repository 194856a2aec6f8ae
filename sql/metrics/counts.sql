-- metrics: $2 a day ago
select h.*, d.*, (select count(*) from events where tenant_id = $1 and at >= $2) as events_recent,
       pg_database_size(current_database()) as database_bytes
from (select count(*) as handoffs, count(becoming) as with_becoming,
             count(*) filter (where compression_level = 'full') as full_count,
             count(*) filter (where compression_level = 'summary') as summary_count,
             count(*) filter (where compression_level = 'quick_ref') as quick_ref_count,
             count(*) filter (where compression_level = 'integrated') as integrated_count
      from session_handoffs where tenant_id = $1 and deleted_at is null) as h,
     (select count(*) as decisions, count(*) filter (where superseded_by is null) as active from decisions where tenant_id = $1) as d

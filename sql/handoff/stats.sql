-- handoff_stats
select sensitivity, count(*), count(sealed) from session_handoffs where tenant_id = $1 and deleted_at is null group by sensitivity

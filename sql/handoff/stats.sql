-- handoff_stats
select sensitivity, count(*) from session_handoffs where tenant_id = $1 and deleted_at is null group by sensitivity

-- handoff_compression: handoffs that are older than their level allows: $2 to $4 before when one is due for summary, quick_ref, integrated; $5 limit
(select * from session_handoffs where tenant_id = $1 and compression_level = 'full' and created_at < $2
   and sealed is null and sensitivity not in ('high', 'secret') and deleted_at is null and withheld is null order by created_at, handoff_id limit $5)
union all
(select * from session_handoffs where tenant_id = $1 and compression_level = 'summary' and created_at < $3
   and sealed is null and sensitivity not in ('high', 'secret') and deleted_at is null and withheld is null order by created_at, handoff_id limit $5)
union all
(select * from session_handoffs where tenant_id = $1 and compression_level = 'quick_ref' and created_at < $4
   and sealed is null and sensitivity not in ('high', 'secret') and deleted_at is null and withheld is null order by created_at, handoff_id limit $5)
limit $5

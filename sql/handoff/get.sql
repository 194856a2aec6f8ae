-- handoff_get: $2 id, $3 whether one in the trash counts
select * from session_handoffs where tenant_id = $1 and handoff_id = $2 and ($3 or deleted_at is null and withheld is null)

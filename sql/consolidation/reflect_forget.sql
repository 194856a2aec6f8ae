-- reflection: nothing is left of a period ($2, $3)
delete from reflections where tenant_id = $1 and period = $2 and starts_at = $3

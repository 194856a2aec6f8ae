-- context_build, wake_up: $2 channel, or null where only those that hold everywhere count, $3 limit
select * from rules where tenant_id = $1 and channel in ('all', $2) order by priority desc, created_at, rule_id limit $3

-- identity_consolidation: $2 how many groups, those with the most statements first
select principle_id, statement from principles where tenant_id = $1 order by times desc, principle_id limit $2

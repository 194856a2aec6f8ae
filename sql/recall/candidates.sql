-- recall: items with any of the terms ($2): $3 kinds, $4 with_whom, $5 session, $6 tags, $7 since, $8 until, $9 as_of, $10 project, $11 levels, $12 quarantined ones too, $13 limit
select * from recall_candidates($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) where tenant_id = $1

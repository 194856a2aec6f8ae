-- context_build: how many edits in force changed any of these memories ($2)
select count(*) from edits where tenant_id = $1 and target_id = any($2) and status = 'approved'

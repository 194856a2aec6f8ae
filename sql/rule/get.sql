-- rule_create: $2 id
select * from rules where tenant_id = $1 and rule_id = $2

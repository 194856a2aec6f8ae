-- decision_create: $2 id
select * from decisions where tenant_id = $1 and decision_id = $2

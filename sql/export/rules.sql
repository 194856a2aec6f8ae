-- export_all
select * from rules where tenant_id = $1 order by created_at, rule_id

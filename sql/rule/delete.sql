-- rule_delete: $2 id
delete from rules where tenant_id = $1 and rule_id = $2 returning rule_id

-- edit_approve, edit_reject: $2 id
select * from findings where tenant_id = $1 and finding_id = $2 for update

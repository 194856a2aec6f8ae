-- edit_approve, edit_reject: $2 id
select * from decisions where tenant_id = $1 and decision_id = $2 for update

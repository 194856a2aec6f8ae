-- edit_approve, edit_reject: $2 id; nobody else decides it meanwhile
select * from edits where tenant_id = $1 and edit_id = $2 for update

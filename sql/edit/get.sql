-- edit_get: $2 id
select * from edits where tenant_id = $1 and edit_id = $2

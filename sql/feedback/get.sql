-- feedback_create, feedback_update: $2 id
select * from feedback where tenant_id = $1 and feedback_id = $2

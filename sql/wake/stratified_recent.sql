-- wake_up_stratified: $2 how many
select * from session_handoffs
where tenant_id = $1 and deleted_at is null
order by created_at desc, handoff_id desc
limit $2

-- wake_up_stratified: $2 how many
select * from session_handoffs
where tenant_id = $1 and in_force
order by created_at desc, handoff_id desc
limit $2

-- handoff_last: $2 with_whom
select * from session_handoffs
where tenant_id = $1 and in_force and ($2::text is null or with_whom = $2)
order by created_at desc, handoff_id desc
limit 1

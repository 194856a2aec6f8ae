-- session_startup: $2 with_whom
select * from session_handoffs
where tenant_id = $1 and with_whom = $2 and in_force
order by created_at desc, handoff_id desc
limit 10

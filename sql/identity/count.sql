-- identity_thread: how many statements there are
select count(*) from session_handoffs
where tenant_id = $1 and becoming is not null and in_force

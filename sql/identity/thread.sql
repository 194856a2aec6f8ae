-- identity_thread: $2 and $3 the cursor, $4 limit
select handoff_id, becoming, created_at, significance, sensitivity, sealed from session_handoffs
where tenant_id = $1 and becoming is not null and in_force
  and ($2::timestamptz is null or (created_at, handoff_id) < ($2, $3))
order by created_at desc, handoff_id desc
limit $4

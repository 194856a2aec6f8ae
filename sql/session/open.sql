-- session_open: $2 id, $3 agent, $4 with_whom, $5 project_path, $6 now. One that has ended is open again
insert into sessions as s (tenant_id, session_id, agent_id, with_whom, project_path, opened_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (tenant_id, session_id) do update set ended_at = null, opened_at = case when s.ended_at is null then s.opened_at else excluded.opened_at end
returning opened_at

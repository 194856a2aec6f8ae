-- session_end: $2 id
select agent_id, with_whom, project_path, ended_at from sessions where tenant_id = $1 and session_id = $2

-- wake_up: $2 with_whom, $3 project_path, $4 how many; the newest sessions with someone, those of the project first
(select *, 0 as place from session_handoffs
 where $3::text is not null and tenant_id = $1 and project_path = $3 and with_whom = $2 and deleted_at is null
   and sensitivity <> 'secret'
 order by created_at desc, handoff_id desc
 limit $4)
union all
(select *, 1 from session_handoffs
 where tenant_id = $1 and with_whom = $2 and deleted_at is null and sensitivity <> 'secret'
   and ($3::text is null or project_path is distinct from $3)
 order by created_at desc, handoff_id desc
 limit $4)
order by place, created_at desc, handoff_id desc
limit $4

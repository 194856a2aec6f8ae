-- session_end: what was said in a session ($2), the newest first; $3 how many at most
select actor_type, actor_id, project_id, content::text as content
from events
where tenant_id = $1 and session_id = $2 and kind = 'message' and sealed is null
order by at desc, event_id desc
limit $3

-- session_end: what was said in a session ($2), the newest first; $3 how many at most. What is sealed, kept back or very long is left out
select actor_type, actor_id, project_id, content::text as content
from events e
where tenant_id = $1 and session_id = $2 and kind = 'message' and sealed is null and pg_column_size(content) < 65536
  and not exists (select from chunks c where c.tenant_id = $1 and c.event_id = e.event_id and c.withheld is not null)
order by at desc, event_id desc
limit $3

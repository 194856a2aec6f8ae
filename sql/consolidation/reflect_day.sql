-- reflection: what a day's handoffs say: $2 its beginning, $3 its end, $4 limit
select handoff_id, with_whom, significance, created_at, experienced, noticed, learned, story, remember
from session_handoffs
where tenant_id = $1 and created_at >= $2 and created_at < $3 and in_force and sealed is null and sensitivity not in ('high', 'secret')
order by significance desc, created_at desc, handoff_id desc
limit $4

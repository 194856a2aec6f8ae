-- context_build: $2 session_id, $3 how many events, the newest first, with what is left of their texts
select e.event_id, e.actor_id, e.at, e.sensitivity, c.chunk_id, c.text, c.sealed
from (select * from events where tenant_id = $1 and session_id = $2 order by at desc, event_id desc limit $3) e
join chunks c on c.tenant_id = $1 and c.event_id = e.event_id and c.withheld is null
order by e.at desc, e.event_id desc, c.seq desc

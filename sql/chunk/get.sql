-- chunk_get: $2 id
select c.*, e.session_id, e.at, e.sensitivity
from chunks c
join events e on e.tenant_id = $1 and e.event_id = c.event_id
where c.tenant_id = $1 and c.chunk_id = $2 and c.withheld is null

-- event_get: $2 id
select e.*, array(select chunk_id from chunks c where c.tenant_id = $1 and c.event_id = e.event_id and c.withheld is null order by seq) as chunk_ids,
       (select artifact_id from artifacts a where a.tenant_id = $1 and a.event_id = e.event_id limit 1) as artifact_id
from events e
where e.tenant_id = $1 and e.event_id = $2

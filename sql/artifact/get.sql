-- artifact_get: $2 id
select a.name, a.body, a.sealed, e.sensitivity
from artifacts a
join events e on e.tenant_id = $1 and e.event_id = a.event_id
where a.tenant_id = $1 and a.artifact_id = $2
  and not exists (select from chunks c where c.tenant_id = $1 and c.event_id = a.event_id and c.withheld is not null)

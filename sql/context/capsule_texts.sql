-- context_build: what the chunks ($2) and decisions ($3) of capsules say
select c.chunk_id as id, c.text, e.sensitivity, c.sealed
from chunks c join events e on e.tenant_id = $1 and e.event_id = c.event_id
where c.tenant_id = $1 and c.chunk_id = any($2) and c.withheld is null
union all
select decision_id, decision, sensitivity, sealed
from decisions where tenant_id = $1 and decision_id = any($3) and withheld is null and superseded_by is null

-- event_record replayed: $2 ids, in their order
select w.id, array(select chunk_id from chunks c where c.tenant_id = $1 and c.event_id = w.id order by seq),
       (select artifact_id from artifacts a where a.tenant_id = $1 and a.event_id = w.id limit 1),
       array(select chunk_id from chunks c where c.tenant_id = $1 and c.event_id = w.id and c.withheld = 'quarantined' order by seq)
from unnest($2::text[]) with ordinality as w (id, place)
join events e on e.tenant_id = $1 and e.event_id = w.id
order by w.place

-- export_all
select e.*, array(select chunk_id from chunks c where c.tenant_id = $1 and c.event_id = e.event_id and c.withheld is null order by seq) as chunk_ids,
       array(select text from chunks c where c.tenant_id = $1 and c.event_id = e.event_id and c.withheld is null order by seq) as chunk_texts,
       array(select sealed from chunks c where c.tenant_id = $1 and c.event_id = e.event_id and c.withheld is null order by seq) as chunk_sealed,
       a.artifact_id, a.name as artifact_name, a.media_type as artifact_media_type, a.body as artifact_body
from events e
left join artifacts a on a.tenant_id = $1 and a.event_id = e.event_id
     and not exists (select from chunks c where c.tenant_id = $1 and c.event_id = e.event_id and c.withheld is not null)
where e.tenant_id = $1
order by e.at, e.event_id

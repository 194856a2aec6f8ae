-- recall: what chunks ($2) say, each looked up by itself: planned as a whole, all of a tenant's are read where no statistics, or few, make that
-- look cheap
select c.chunk_id as item_id, e.event_id as id, e.tags, array['text'] as names, array[c.text] as texts, e.written_by, e.written_how
from unnest($2::text[]) as asked (id),
     lateral (select * from chunks where tenant_id = $1 and chunk_id = asked.id offset 0) c,
     lateral (select * from events where tenant_id = $1 and event_id = c.event_id offset 0) e
where coalesce(c.withheld, 'quarantined') = 'quarantined' and e.sensitivity not in ('high', 'secret')

-- recall: what handoffs ($2) say; see recall/text_of_chunks
select handoff_id as item_id, handoff_id as id, tags, array['experienced', 'noticed', 'learned', 'story', 'becoming', 'remember'] as names,
       array[experienced, noticed, learned, story, becoming, remember] as texts, written_by, written_how
from unnest($2::text[]) as asked (id),
     lateral (select * from session_handoffs where tenant_id = $1 and handoff_id = asked.id offset 0) found
where deleted_at is null and coalesce(withheld, 'quarantined') = 'quarantined'
  and sealed is null and sensitivity not in ('high', 'secret')

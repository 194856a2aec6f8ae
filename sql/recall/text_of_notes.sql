-- recall: what notes ($2) say; see recall/text_of_chunks
select note_id as item_id, note_id as id, tags, array['content'] as names, array[title || E'\n' || content] as texts, written_by, written_how
from unnest($2::text[]) as asked (id),
     lateral (select * from knowledge_notes where tenant_id = $1 and note_id = asked.id offset 0) found
where deleted_at is null and coalesce(withheld, 'quarantined') = 'quarantined'
  and sealed is null and sensitivity not in ('high', 'secret')

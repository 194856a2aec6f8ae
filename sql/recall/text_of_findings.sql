-- recall: what findings ($2) say; see recall/text_of_chunks
select finding_id as item_id, finding_id as id, tags, array['content'] as names, array[content] as texts, written_by, written_how
from unnest($2::text[]) as asked (id),
     lateral (select * from findings where tenant_id = $1 and finding_id = asked.id offset 0) found
where coalesce(withheld, 'quarantined') = 'quarantined' and sealed is null and sensitivity not in ('high', 'secret')

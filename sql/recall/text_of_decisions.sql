-- recall: what decisions ($2) say; see recall/text_of_chunks
select decision_id as item_id, decision_id as id, '{}'::text[] as tags, array['decision'] as names,
       array[array_to_string(array[decision] || rationale, E'\n')] as texts, written_by, written_how
from unnest($2::text[]) as asked (id),
     lateral (select * from decisions where tenant_id = $1 and decision_id = asked.id offset 0) found
where coalesce(withheld, 'quarantined') = 'quarantined' and sealed is null and sensitivity not in ('high', 'secret')

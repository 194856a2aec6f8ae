-- recall: what principles ($2) say; see recall/text_of_chunks
select p.principle_id as item_id, p.principle_id as id, '{}'::text[] as tags, array['principle'] as names, array[p.statement] as texts,
       null::text as written_by, 'consolidation' as written_how
from unnest($2::text[]) as asked (id),
     lateral (select * from principles where tenant_id = $1 and principle_id = asked.id offset 0) p,
     lateral (select * from session_handoffs where tenant_id = $1 and handoff_id = p.handoff_id offset 0) h
where h.in_force

-- recall: what the chunks ($2), handoffs ($3), notes ($4), decisions ($5), principles ($6) and findings ($7) say
select c.chunk_id as item_id, e.event_id as id, e.tags, null::text as with_whom, array['text'] as names, array[c.text] as texts, e.written_by, e.written_how
from chunks c
join events e on e.tenant_id = $1 and e.event_id = c.event_id
where c.tenant_id = $1 and c.chunk_id = any($2) and coalesce(c.withheld, 'quarantined') = 'quarantined' and e.sensitivity not in ('high', 'secret')
union all
select handoff_id, handoff_id, tags, with_whom, array['experienced', 'noticed', 'learned', 'story', 'becoming', 'remember'],
       array[experienced, noticed, learned, story, becoming, remember], written_by, written_how
from session_handoffs
where tenant_id = $1 and handoff_id = any($3) and deleted_at is null and coalesce(withheld, 'quarantined') = 'quarantined'
  and sealed is null and sensitivity not in ('high', 'secret')
union all
select note_id, note_id, tags, with_whom, array['content'], array[title || E'\n' || content], written_by, written_how
from knowledge_notes
where tenant_id = $1 and note_id = any($4) and deleted_at is null and coalesce(withheld, 'quarantined') = 'quarantined'
  and sealed is null and sensitivity not in ('high', 'secret')
union all
select decision_id, decision_id, '{}', null, array['decision'], array[array_to_string(array[decision] || rationale, E'\n')], written_by, written_how
from decisions
where tenant_id = $1 and decision_id = any($5) and coalesce(withheld, 'quarantined') = 'quarantined' and sealed is null and sensitivity not in ('high', 'secret')
union all
select p.principle_id, p.principle_id, '{}', null, array['principle'], array[p.statement], null, 'consolidation'
from principles p
join session_handoffs h on h.tenant_id = $1 and h.handoff_id = p.handoff_id and h.in_force
where p.tenant_id = $1 and p.principle_id = any($6)
union all
select finding_id, finding_id, tags, null, array['content'], array[content], written_by, written_how
from findings
where tenant_id = $1 and finding_id = any($7) and coalesce(withheld, 'quarantined') = 'quarantined' and sealed is null and sensitivity not in ('high', 'secret')

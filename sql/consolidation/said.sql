-- deduplication: what memories ($2) say, with or for whom and what, and whether they stay: pinned, or given back after an edit of $3's
select h.handoff_id, concat_ws(E'\n', 'experienced ' || h.experienced, 'noticed ' || h.noticed, 'learned ' || h.learned, 'story ' || h.story,
                 'becoming ' || h.becoming, 'remember ' || h.remember),
       concat_ws('|', h.with_whom, h.project_path, h.sensitivity, h.significance, array_to_string(h.tags, ' ')),
       exists (select from edits e where e.tenant_id = $1 and e.target_id = h.handoff_id and e.proposed_by = $3)
from session_handoffs h
where h.tenant_id = $1 and h.handoff_id = any($2) and h.in_force and h.sealed is null
union all
select n.note_id, concat_ws(E'\n', n.title, n.content), concat_ws('|', n.with_whom, n.sensitivity, n.confidence, array_to_string(n.tags, ' ')),
       n.pinned or exists (select from edits e where e.tenant_id = $1 and e.target_id = n.note_id and e.proposed_by = $3)
from knowledge_notes n
where n.tenant_id = $1 and n.note_id = any($2) and n.in_force and n.sealed is null

-- session_end: the newest handoff of a session ($2) that is in force, whether it was made of its events, and whether anything was said since
select h.handoff_id, h.tags && array['extractive', 'own-words'] as made,
       exists (select from events e where e.tenant_id = $1 and e.session_id = $2 and e.created_at > h.created_at) as outdated
from session_handoffs h
where h.tenant_id = $1 and h.session_id = $2 and h.deleted_at is null and h.superseded_by is null
order by h.created_at desc, h.handoff_id desc
limit 1

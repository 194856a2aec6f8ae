-- identity_consolidation: statements that are in no group yet, the oldest first, of those that
-- every channel may show: $2 and $3 after which, $4 limit
select h.handoff_id, h.becoming, h.created_at
from session_handoffs h
where h.tenant_id = $1 and h.becoming is not null and h.in_force and h.sealed is null and h.sensitivity in ('none', 'low')
  and (h.created_at, h.handoff_id) > ($2, $3)
  and not exists (select from principle_evidence e where e.tenant_id = $1 and e.handoff_id = h.handoff_id)
order by h.created_at, h.handoff_id
limit $4

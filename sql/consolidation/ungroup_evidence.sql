-- identity_consolidation: handoffs that are no longer in force speak for nothing
with stale as (
    delete from principle_evidence e using session_handoffs h
    where e.tenant_id = $1 and h.tenant_id = $1 and h.handoff_id = e.handoff_id and not h.in_force
    returning e.principle_id)
update principles p set times = p.times - s.lost
from (select principle_id, count(*)::integer as lost from stale group by principle_id) s
where p.tenant_id = $1 and p.principle_id = s.principle_id

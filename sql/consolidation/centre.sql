-- identity_consolidation: principles ($2) are stated in the words of handoffs ($3): $4
update principles p set handoff_id = t.handoff_id, statement = t.statement, centred = p.times
from unnest($2::text[], $3::text[], $4::text[]) as t (principle_id, handoff_id, statement)
where p.tenant_id = $1 and p.principle_id = t.principle_id

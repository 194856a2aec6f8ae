-- identity_consolidation: principles ($2) and which way they go ($3)
update principles p set trend = t.trend
from unnest($2::text[], $3::text[]) as t (principle_id, trend)
where p.tenant_id = $1 and p.principle_id = t.principle_id

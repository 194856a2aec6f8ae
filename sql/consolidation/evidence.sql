-- identity_consolidation: handoffs ($2) say what groups ($3) state, $4 when
with evidence as (
    insert into principle_evidence (tenant_id, handoff_id, principle_id, at)
    select $1, t.handoff_id, t.principle_id, t.at
    from unnest($2::text[], $3::text[], $4::timestamptz[]) as t (handoff_id, principle_id, at)
    where $1 = current_setting('app.tenant', true)
    on conflict do nothing
    returning principle_id, at)
update principles p set times = p.times + e.times, first_at = least(p.first_at, e.first_at), last_at = greatest(p.last_at, e.last_at)
from (select principle_id, count(*)::integer as times, min(at) as first_at, max(at) as last_at from evidence group by principle_id) e
where p.tenant_id = $1 and p.principle_id = e.principle_id

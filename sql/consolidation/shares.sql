-- identity_consolidation: the statements of each principle ($3 at least) since $2 and before, beside those of all
select p.principle_id, p.trend, e.recent, e.before, (sum(e.recent) over ())::bigint as all_recent, (sum(e.before) over ())::bigint as all_before
from principles p
join (select principle_id, count(*) filter (where at >= $2) as recent, count(*) filter (where at < $2) as before
      from principle_evidence where tenant_id = $1 group by principle_id) e on e.principle_id = p.principle_id
where p.tenant_id = $1 and p.times >= $3

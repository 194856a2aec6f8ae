-- reflection: periods ($2) that were over at $3 and whose handoffs are others than the reflection was made of; $4 limit
select coalesce(h.starts_at, r.starts_at) as starts_at, coalesce(h.handoffs, 0)::integer as handoffs
from (select date_trunc($2, created_at at time zone 'UTC') at time zone 'UTC' as starts_at, count(*) as handoffs
      from session_handoffs
      where tenant_id = $1 and in_force and sealed is null and sensitivity not in ('high', 'secret')
        and created_at < date_trunc($2, $3::timestamptz at time zone 'UTC') at time zone 'UTC'
      group by 1) h
full join (select starts_at, handoffs from reflections where tenant_id = $1 and period = $2) r on r.starts_at = h.starts_at
where h.handoffs is distinct from r.handoffs
order by 1
limit $4

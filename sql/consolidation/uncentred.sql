-- identity_consolidation: groups of at least $2 statements that grew by a quarter since they chose theirs, with their newest; $3 limit
select p.principle_id, p.times, p.last_at, e.handoffs, e.statements
from (select * from principles where tenant_id = $1 and times >= $2 and times * 4 >= centred * 5 and times > centred
      order by times desc, principle_id limit $3) p,
     lateral (select array_agg(s.handoff_id order by s.created_at, s.handoff_id) as handoffs,
                     array_agg(s.becoming order by s.created_at, s.handoff_id) as statements
              from (select h.handoff_id, h.becoming, h.created_at
                    from principle_evidence e join session_handoffs h on h.tenant_id = $1 and h.handoff_id = e.handoff_id and h.in_force
                    where e.tenant_id = $1 and e.principle_id = p.principle_id
                    order by e.at desc, e.handoff_id desc limit 40) s) e
where e.handoffs is not null

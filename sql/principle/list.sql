-- principle_list: $2 how many statements make a principle, $3 limit
select p.principle_id, p.statement, p.times, p.first_at, p.last_at, p.trend,
       array(select e.handoff_id from principle_evidence e where e.tenant_id = $1 and e.principle_id = p.principle_id
             order by e.at desc, e.handoff_id desc limit 20) as evidence
from principles p
join session_handoffs h on h.tenant_id = $1 and h.handoff_id = p.handoff_id and h.in_force
where p.tenant_id = $1 and p.times >= $2 and p.centred > 0
order by p.times desc, p.principle_id
limit $3

-- reflection: with whom the handoffs of a day were: $2 its beginning, $3 its end
select with_whom, count(*)
from session_handoffs
where tenant_id = $1 and created_at >= $2 and created_at < $3 and in_force and sealed is null and sensitivity not in ('high', 'secret')
group by with_whom
order by count(*) desc, with_whom
limit 20

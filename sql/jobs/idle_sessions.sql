-- sweep_sessions: open sessions in which nothing happened since $2
select s.session_id from sessions s
where s.tenant_id = $1 and s.ended_at is null and s.opened_at < $2
  and not exists (select from events e where e.tenant_id = $1 and e.session_id = s.session_id and e.created_at >= $2)
order by s.opened_at
limit 100

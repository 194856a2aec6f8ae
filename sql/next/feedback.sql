-- next_actions: $2 limit: what is open and severe, the most severe first
select * from feedback
where tenant_id = $1 and status = 'open' and severity in ('high', 'critical')
order by severity, created_at, feedback_id
limit $2

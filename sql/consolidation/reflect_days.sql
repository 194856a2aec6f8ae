-- reflection: what a longer period is made of: $2 its beginning, $3 its end
select content::text from reflections where tenant_id = $1 and period = 'day' and starts_at >= $2 and starts_at < $3 order by starts_at

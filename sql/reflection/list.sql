-- reflection_list: $2 period, $3 before when, $4 limit
select period, starts_at, ends_at, content::text as content from reflections
where tenant_id = $1 and period = $2 and ($3::timestamptz is null or starts_at < $3)
order by starts_at desc
limit $4

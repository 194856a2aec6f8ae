-- rule_list: $2 channel, $3 and $4 the cursor, $5 limit
select * from rules
where tenant_id = $1
  and ($2::text is null or channel in ('all', $2))
  and ($3::timestamptz is null or (created_at, rule_id) < ($3, $4))
order by created_at desc, rule_id desc
limit $5

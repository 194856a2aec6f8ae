-- feedback_list: $2 category, $3 kind, $4 severity, $5 status, $6 and $7 the cursor, $8 limit
select * from feedback
where tenant_id = $1
  and ($2::text is null or category = $2) and ($3::text is null or kind = $3) and ($4::text is null or severity = $4)
  and ($5::text is null or status = $5)
  and ($6::timestamptz is null or (created_at, feedback_id) < ($6, $7))
order by created_at desc, feedback_id desc
limit $8

-- audit_list: $2 operation, $3 and $4 the cursor, $5 limit
select * from audit_log
where tenant_id = $1
  and ($2::text is null or operation = $2)
  and ($3::timestamptz is null or (at, audit_id) < ($3, $4))
order by at desc, audit_id desc
limit $5

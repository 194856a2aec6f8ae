-- task_list: $2 status, $3 claimed_by, $4 project_path, $5 tag, $6 whether only those that can be claimed now, $7 and $8 the cursor, $9 limit
select * from tasks_seen
where tenant_id = $1
  and ($2::text is null or status = $2) and ($3::text is null or claimed_by = $3) and ($4::text is null or project_path = $4)
  and ($5::text is null or tags @> array[$5])
  and (not $6 or status = 'open' and waits_for = '{}')
  and ($7::timestamptz is null or (created_at, task_id) < ($7, $8))
order by created_at desc, task_id desc
limit $9

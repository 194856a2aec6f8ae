-- handoff_list: $2 with_whom, $3 project_path, $4 tag, $5 since, $6 until, $7 and $8 the cursor, $9 limit
select * from session_handoffs
where tenant_id = $1
  and deleted_at is null and withheld is null
  and ($2::text is null or with_whom = $2)
  and ($3::text is null or project_path = $3)
  and ($4::text is null or tags @> array[$4])
  and ($5::timestamptz is null or created_at >= $5)
  and ($6::timestamptz is null or created_at < $6)
  and ($7::timestamptz is null or (created_at, handoff_id) < ($7, $8))
order by created_at desc, handoff_id desc
limit $9

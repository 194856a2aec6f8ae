-- finding_list: $2 task, $3 agent, $4 tag, $5 and $6 the cursor, $7 limit
select * from findings
where tenant_id = $1 and withheld is null
  and ($2::text is null or task_id = $2) and ($3::text is null or agent_id = $3) and ($4::text is null or tags @> array[$4])
  and ($5::timestamptz is null or (created_at, finding_id) < ($5, $6))
order by created_at desc, finding_id desc
limit $7

-- decision_list: $2 whether in force, $3 project_path, $4 and $5 the cursor, $6 limit
select * from decisions
where tenant_id = $1 and withheld is null
  and ($2::boolean is null or $2 and superseded_by is null and archived_at is null or not $2 and superseded_by is not null)
  and ($3::text is null or project_path = $3)
  and ($4::timestamptz is null or (created_at, decision_id) < ($4, $5))
order by created_at desc, decision_id desc
limit $6

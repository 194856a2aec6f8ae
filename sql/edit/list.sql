-- edit_list: $2 status, $3 target_id, $4 and $5 the cursor, $6 limit
select * from edits
where tenant_id = $1
  and ($2::text is null or status = $2) and ($3::text is null or target_id = $3)
  and ($4::timestamptz is null or (created_at, edit_id) < ($4, $5))
order by created_at desc, edit_id desc
limit $6

-- knowledge_list: $2 tag, $3 with_whom, $4 and $5 the cursor, $6 limit
select * from knowledge_notes
where tenant_id = $1 and deleted_at is null and withheld is null
  and ($2::text is null or tags @> array[$2])
  and ($3::text is null or with_whom = $3)
  and ($4::timestamptz is null or (created_at, note_id) < ($4, $5))
order by created_at desc, note_id desc
limit $6

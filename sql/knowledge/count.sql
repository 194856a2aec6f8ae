-- knowledge_list: $2 tag, $3 with_whom
select count(*) from knowledge_notes
where tenant_id = $1 and deleted_at is null and withheld is null
  and ($2::text is null or tags @> array[$2])
  and ($3::text is null or with_whom = $3)

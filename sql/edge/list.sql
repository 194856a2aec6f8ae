-- edge_list: $2 from, $3 to, $4 type, $5 and $6 the cursor, $7 limit
select * from edges
where tenant_id = $1
  and ($2::text is null or from_id = $2) and ($3::text is null or to_id = $3) and ($4::text is null or edge_type = $4)
  and ($5::timestamptz is null or (created_at, edge_id) < ($5, $6))
order by created_at desc, edge_id desc
limit $7

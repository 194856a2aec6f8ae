-- edge_traverse: the links between the places ($2), of some types ($3) or all
select * from edges
where tenant_id = $1 and from_id = any($2) and to_id = any($2) and ($3::text[] is null or edge_type = any($3))
order by created_at, edge_id
limit $4

-- edge_update: $2 id, then what changes or null: $3 type, $4 weight; $5 at
update edges set edge_type = coalesce($3, edge_type), weight = coalesce($4, weight), updated_at = $5
where tenant_id = $1 and edge_id = $2
returning *

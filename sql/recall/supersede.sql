-- recall: a memory ($2) says something else from an instant ($3) on; $4 what it said until then, where its row no longer does
update items_of_tenant set superseded_at = $3, body = coalesce($4, body) where tenant_id = $1 and item_id = $2 and superseded_at is null

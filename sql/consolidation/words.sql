-- deduplication: the words of memories ($2)
select item_id, terms from items_of_tenant where tenant_id = $1 and item_id = any($2) and superseded_at is null

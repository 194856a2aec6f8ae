-- recall: forgets memories ($2) for good
with uses as (delete from item_uses where tenant_id = $1 and item_id = any($2)),
     shapes as (delete from item_shapes where tenant_id = $1 and item_id = any($2))
delete from items_of_tenant where tenant_id = $1 and item_id = any($2)

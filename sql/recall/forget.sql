-- recall: forgets memories ($2) for good
delete from items_of_tenant where tenant_id = $1 and item_id = any($2)

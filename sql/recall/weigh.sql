-- recall: lets a memory ($2) count for less, $3 from 0 to 1
update items_of_tenant set weight = $3 where tenant_id = $1 and item_id = $2

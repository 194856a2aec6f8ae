-- edit_approve: how much a memory ($2) counts
select weight from items_of_tenant where tenant_id = $1 and item_id = $2 order by valid_from desc limit 1

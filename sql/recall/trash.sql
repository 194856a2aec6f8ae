-- recall: a memory ($2) goes into the trash or comes back; $3 which
update items_of_tenant set trashed = $3 where tenant_id = $1 and item_id = $2

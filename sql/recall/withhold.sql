-- recall: keeps a memory ($2) back, or lets it come again; $3 why or null
update items_of_tenant set withheld = $3 where tenant_id = $1 and item_id = $2

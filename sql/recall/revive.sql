-- recall: what replaced a memory ($2) is gone: its last version counts again
update items_of_tenant i set superseded_at = null
where tenant_id = $1 and item_id = $2 and valid_from = (select max(valid_from) from items_of_tenant o where o.tenant_id = $1 and o.item_id = $2)

-- recall_index: $2 after which id, $3 how many; nobody changes them meanwhile
select h.*, exists (select from items_of_tenant i where i.tenant_id = $1 and i.item_id = h.handoff_id) as indexed
from session_handoffs h
where h.tenant_id = $1 and h.handoff_id > $2
order by h.handoff_id
limit $3
for share of h

-- recall_index: $2 after which id, $3 how many; nobody changes them meanwhile
select d.*, exists (select from items_of_tenant i where i.tenant_id = $1 and i.item_id = d.decision_id) as indexed
from decisions d
where d.tenant_id = $1 and d.decision_id > $2
order by d.decision_id
limit $3
for share of d

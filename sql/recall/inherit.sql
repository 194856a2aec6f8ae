-- recall: a memory's ($2) newest version is kept back, in the trash, replaced and weighed as the one before it; $3 since when it is the newest
update items_of_tenant n
set withheld = o.withheld, trashed = o.trashed, weight = o.weight, superseded_at = case when o.superseded_at < $3 then $3 end
from items_of_tenant o
where n.tenant_id = $1 and n.item_id = $2 and n.valid_from = $3
  and o.tenant_id = $1 and o.item_id = $2
  and o.valid_from = (select max(p.valid_from) from items_of_tenant p where p.tenant_id = $1 and p.item_id = $2 and p.valid_from < $3)

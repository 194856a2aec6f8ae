-- recall_index: $2 after which id, $3 how many
select c.chunk_id, c.text, c.withheld, e.*, exists (select from items_of_tenant i where i.tenant_id = $1 and i.item_id = c.chunk_id) as indexed
from (select * from chunks where tenant_id = $1 and chunk_id > $2 order by chunk_id limit $3) c
join events e on e.tenant_id = $1 and e.event_id = c.event_id
order by c.chunk_id
for share of e

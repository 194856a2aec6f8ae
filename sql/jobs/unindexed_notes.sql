-- recall_index: $2 after which id, $3 how many; nobody changes them meanwhile
select n.*, exists (select from items_of_tenant i where i.tenant_id = $1 and i.item_id = n.note_id) as indexed
from knowledge_notes n
where n.tenant_id = $1 and n.note_id > $2
order by n.note_id
limit $3
for share of n

-- deduplication: notes and handoffs that have no keys yet, after $2, $3 many
select i.item_id, i.terms
from items_of_tenant i
where i.tenant_id = $1 and i.item_id > case when $2::text = '' then 'kn_' else $2 end
  and i.kind in ('handoff', 'knowledge') and i.superseded_at is null and not i.trashed and i.withheld is null
  and not exists (select from item_shapes s where s.tenant_id = $1 and s.item_id = i.item_id)
order by i.item_id
limit $3

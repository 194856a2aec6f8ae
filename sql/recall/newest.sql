-- recall: of the newest items ($4 many) those with any of the terms ($2): $3 levels, $5 quarantined ones too, $6 limit
select i.item_id, i.kind, i.session_id, i.actor, i.role, i.at, i.weight, i.terms, i.parts, i.body
from (select * from items_of_tenant where tenant_id = $1 order by at desc, item_id desc limit $4) i
where i.terms && $2::bigint[]
  and not i.trashed and (i.withheld is null or $5 and i.withheld = 'quarantined') and i.superseded_at is null
  and i.sensitivity = any($3::text[])
order by i.at desc, i.item_id desc
limit $6

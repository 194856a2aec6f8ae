-- deduplication: the keys of memories ($2): $3, $4, $5
insert into item_shapes (tenant_id, item_id, a, b, c)
select $1, t.item_id, t.a, t.b, t.c
from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) as t (item_id, a, b, c)
where $1 = current_setting('app.tenant', true)
on conflict (tenant_id, item_id) do nothing

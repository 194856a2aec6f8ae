-- deduplication: the memories next in time that share a key with memories ($2; $3, $4, $5)
select distinct t.item_id, o.item_id
from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) as t (item_id, a, b, c),
     lateral (
              (select s.item_id from item_shapes s where s.tenant_id = $1 and s.a = t.a and s.item_id < t.item_id order by s.item_id desc limit 3)
              union all
              (select s.item_id from item_shapes s where s.tenant_id = $1 and s.a = t.a and s.item_id > t.item_id order by s.item_id limit 3)
              union all
              (select s.item_id from item_shapes s where s.tenant_id = $1 and s.b = t.b and s.item_id < t.item_id order by s.item_id desc limit 3)
              union all
              (select s.item_id from item_shapes s where s.tenant_id = $1 and s.b = t.b and s.item_id > t.item_id order by s.item_id limit 3)
              union all
              (select s.item_id from item_shapes s where s.tenant_id = $1 and s.c = t.c and s.item_id < t.item_id order by s.item_id desc limit 3)
              union all
              (select s.item_id from item_shapes s where s.tenant_id = $1 and s.c = t.c and s.item_id > t.item_id order by s.item_id limit 3)) o
order by 1, 2

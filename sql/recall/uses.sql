-- recall: memories ($2) were shown: $3 how often, $4 when last; those that are still there
insert into item_uses as u (tenant_id, item_id, uses, used_at)
select $1, t.item_id, t.uses, t.used_at from unnest($2::text[], $3::bigint[], $4::timestamptz[]) as t (item_id, uses, used_at)
where $1 = current_setting('app.tenant', true) and exists (select from items_of_tenant i where i.tenant_id = $1 and i.item_id = t.item_id)
on conflict (tenant_id, item_id) do update set uses = u.uses + excluded.uses, used_at = greatest(u.used_at, excluded.used_at)
where u.tenant_id = $1

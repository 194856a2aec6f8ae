-- every tenant table, of all and of a tenant's own schema ($1, empty for none)
select format('%I.%I', n.nspname, c.relname)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
where c.relkind = 'r' and c.relrowsecurity and c.relname <> 'tenants'
  and (c.relnamespace = (select relnamespace from pg_class where oid = 'tenants'::regclass) or n.nspname = $1)
order by 1

-- backup: every table of ours, in the common schema and in tenants' own
select format('%I.%I', n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and (c.relnamespace = (select relnamespace from pg_class where oid = 'tenants'::regclass) or n.nspname ~ '^tenant_[0-9]+$')
order by 1

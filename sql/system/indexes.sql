-- doctor: the indexes that are there, and whether they can be used
select c.relname, i.indisvalid
from pg_index i join pg_class c on c.oid = i.indexrelid
where c.relnamespace = (select relnamespace from pg_class where oid = 'tenants'::regclass)

-- is there a list of migrations
select 1 from pg_catalog.pg_class where oid = to_regclass('schema_migrations')

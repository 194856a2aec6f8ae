-- jobs: since when this database is there: what was due before is not made up for
select min(applied_at) from schema_migrations

-- backup restore: databases whose names begin so, and their sizes
select datname, pg_database_size(oid) as bytes from pg_database where starts_with(datname, $1) order by datname

-- backup restore: the extensions of a database
select extname from pg_extension where extname <> 'plpgsql'

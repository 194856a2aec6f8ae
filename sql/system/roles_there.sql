-- $1 names: those that are roles
select rolname::text from pg_roles where rolname = any($1) order by rolname

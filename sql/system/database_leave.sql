-- backup restore: ends every other connection to these databases
select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = any($1) and pid <> pg_backend_pid()

-- doctor: what the server itself is like: its version, settings that lose what was acknowledged, room for connections, damaged pages
select current_setting('server_version_num')::integer as version, current_setting('server_version') as named,
       current_setting('fsync') = 'on' as fsync, current_setting('full_page_writes') = 'on' as full_page_writes,
       current_setting('synchronous_commit') <> 'off' as synchronous_commit,
       current_setting('max_connections')::integer as max_connections,
       coalesce((select checksum_failures from pg_stat_database where datname = current_database()), 0) as damaged,
       extract(epoch from clock_timestamp())::double precision as clock,
       pg_is_in_recovery() as replica

-- doctor: whether this connection is encrypted, and the server's version
select coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false), current_setting('server_version_num')::integer

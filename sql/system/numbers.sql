-- metrics: the database's size, bytes it read, and bytes of write-ahead log the server wrote (27.2.18, monitoring-stats)
select pg_database_size(current_database()),
       blks_read * current_setting('block_size')::bigint,
       (select wal_bytes::bigint from pg_stat_wal)
from pg_stat_database
where datname = current_database()

-- a replica: how far it has replayed the write-ahead log, in bytes; one that was promoted has all that it wrote
select pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_flush_lsn() end, '0/0')::bigint

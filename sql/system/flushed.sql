-- a primary: where its write-ahead log is on the disk, in bytes; nothing while it is a standby
select case when not pg_is_in_recovery() then pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint end

-- backup: lets others look at this transaction's snapshot
select pg_export_snapshot() as id, current_setting('server_version') as version, pg_database_size(current_database()) as bytes

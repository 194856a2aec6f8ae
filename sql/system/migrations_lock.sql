-- one server migrates at a time; released with the transaction
select pg_advisory_xact_lock(4839201776451)

-- doctor: whether this is a standby
select pg_is_in_recovery()

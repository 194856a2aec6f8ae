-- backup restore: says that this connection works with a database ($1); false where another one does
select pg_try_advisory_lock(hashtextextended('agent-memory database ' || $1, 0))

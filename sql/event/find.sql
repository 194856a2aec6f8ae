-- $2 ids: those that are stored
select event_id from events where tenant_id = $1 and event_id = any($2)

-- edge_create, edge_update, task_create, import: whether a link closes a circle is looked at by one writer of a tenant at a time
select pg_advisory_xact_lock(hashtextextended('edges of ' || $1::text, 0)) where $1 = current_setting('app.tenant', true)

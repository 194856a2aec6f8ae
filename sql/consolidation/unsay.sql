-- a handoff ($2) no longer says what it said: reflections on its time are made again. Its principles go with it, and what rested on them
-- is grouped again.
with said as (select created_at from session_handoffs where tenant_id = $1 and handoff_id = $2),
     reflected as (delete from reflections r using said where r.tenant_id = $1 and r.starts_at <= said.created_at and r.ends_at > said.created_at),
     shape as (delete from item_shapes where tenant_id = $1 and item_id = $2),
     evidence as (delete from principle_evidence where tenant_id = $1 and handoff_id = $2 returning principle_id),
     fewer as (update principles p set times = p.times - 1 from evidence e
               where p.tenant_id = $1 and p.principle_id = e.principle_id and p.handoff_id <> $2),
     gone as (delete from principles where tenant_id = $1 and handoff_id = $2 returning principle_id)
delete from items_of_tenant where tenant_id = $1 and item_id in (select principle_id from gone)

-- housekeeping: $2 older than
with gone as (delete from session_handoffs where tenant_id = $1 and deleted_at < $2 returning handoff_id),
     edited as (delete from edits where tenant_id = $1 and target_id in (select handoff_id from gone)),
     unlinked as (delete from edges where tenant_id = $1
                  and edge_id in (select e.edge_id from edges e join gone on e.from_id = gone.handoff_id where e.tenant_id = $1
                                  union all
                                  select e.edge_id from edges e join gone on e.to_id = gone.handoff_id where e.tenant_id = $1)),
     used as (delete from item_uses where tenant_id = $1 and item_id in (select handoff_id from gone)),
     shaped as (delete from item_shapes where tenant_id = $1 and item_id in (select handoff_id from gone))
delete from items_of_tenant where tenant_id = $1 and item_id in (select handoff_id from gone)

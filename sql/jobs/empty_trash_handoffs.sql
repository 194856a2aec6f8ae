-- housekeeping: $2 older than
with gone as (delete from session_handoffs where tenant_id = $1 and deleted_at < $2 returning handoff_id),
     edited as (delete from edits where tenant_id = $1 and target_id in (select handoff_id from gone)),
     unlinked as (delete from edges where tenant_id = $1 and (from_id in (select handoff_id from gone) or to_id in (select handoff_id from gone))),
     used as (delete from item_uses where tenant_id = $1 and item_id in (select handoff_id from gone)),
     shaped as (delete from item_shapes where tenant_id = $1 and item_id in (select handoff_id from gone))
delete from items_of_tenant where tenant_id = $1 and item_id in (select handoff_id from gone)

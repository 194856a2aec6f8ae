-- backup restore --tenant: takes a tenant's memories away, in the transaction that puts the backup's in their place
with handoffs as (delete from session_handoffs where tenant_id = $1),
     notes as (delete from knowledge_notes where tenant_id = $1),
     decided as (delete from decisions where tenant_id = $1),
     happened as (delete from events where tenant_id = $1),
     ruled as (delete from rules where tenant_id = $1),
     packed as (delete from capsules where tenant_id = $1),
     edited as (delete from edits where tenant_id = $1),
     indexed as (delete from items_of_tenant where tenant_id = $1),
     terms as (delete from term_counts where tenant_id = $1),
     counts as (delete from item_counts where tenant_id = $1),
     used as (delete from item_uses where tenant_id = $1),
     shaped as (delete from item_shapes where tenant_id = $1),
     agreed as (delete from principles where tenant_id = $1),
     looked_back as (delete from reflections where tenant_id = $1)
select 1

-- edit_approve, edit_reject: the event of a chunk ($2)
select e.* from events e where e.tenant_id = $1 and e.event_id = (select c.event_id from chunks c where c.tenant_id = $1 and c.chunk_id = $2) for update

-- edit_propose: the level of the target, if it is there: $2 its type, $3 its id
select e.sensitivity from chunks c join events e on e.tenant_id = $1 and e.event_id = c.event_id
where $2 = 'chunk' and c.tenant_id = $1 and c.chunk_id = $3
union all
select sensitivity from decisions where $2 = 'decision' and tenant_id = $1 and decision_id = $3
union all
select sensitivity from capsules where $2 = 'capsule' and tenant_id = $1 and capsule_id = $3
union all
select sensitivity from session_handoffs where $2 = 'handoff' and tenant_id = $1 and handoff_id = $3 and deleted_at is null
union all
select sensitivity from findings where $2 = 'finding' and tenant_id = $1 and finding_id = $3
union all
select sensitivity from knowledge_notes where $2 = 'knowledge' and tenant_id = $1 and note_id = $3 and deleted_at is null

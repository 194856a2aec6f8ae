-- edge_create: which of the ids ($2) have the form of a memory's and are no memory's
select w.id from unnest($2::text[]) as w (id)
where w.id ~ '^(sh|kn|dec|evt|chk|art|cap|rul|tsk|fnd)_[0-9a-f]{32}$'
  and not exists (select from session_handoffs where tenant_id = $1 and handoff_id = w.id and deleted_at is null)
  and not exists (select from knowledge_notes where tenant_id = $1 and note_id = w.id and deleted_at is null)
  and not exists (select from decisions where tenant_id = $1 and decision_id = w.id)
  and not exists (select from events where tenant_id = $1 and event_id = w.id)
  and not exists (select from chunks where tenant_id = $1 and chunk_id = w.id)
  and not exists (select from artifacts where tenant_id = $1 and artifact_id = w.id)
  and not exists (select from capsules where tenant_id = $1 and capsule_id = w.id)
  and not exists (select from rules where tenant_id = $1 and rule_id = w.id)
  and not exists (select from tasks where tenant_id = $1 and task_id = w.id)
  and not exists (select from findings where tenant_id = $1 and finding_id = w.id)

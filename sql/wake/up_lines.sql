-- wake_up: $2 project_path, $3 to $5 how many of each; single lines of every section, each from its own index and bounded
select * from (select 'remember' as section, handoff_id as id, remember as text, created_at as at from session_handoffs
               where tenant_id = $1 and remember is not null and deleted_at is null and sensitivity <> 'secret'
               order by significance desc, created_at desc, handoff_id desc
               limit $3) as remember
union all
select * from (select 'becoming', handoff_id, becoming, created_at from session_handoffs
               where tenant_id = $1 and becoming is not null and deleted_at is null and sensitivity <> 'secret'
               order by created_at desc, handoff_id desc
               limit $4) as becoming
union all
select * from (select 'decision', decision_id, decision, created_at from decisions
               where tenant_id = $1 and superseded_by is null
                 and (scope <> 'project' or project_path is null or $2::text is null or project_path = $2)
               order by pinned desc, created_at desc, decision_id desc
               limit $5) as decision

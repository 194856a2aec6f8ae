-- wake_up: $2 with_whom, $3 project_path, $4 to $7 how many sessions, remembered things, statements (and tasks) and decisions, $8 how many rules and pinned
-- memories, $9 how many statements make a principle; each from its own index and bounded. The newest session carries all its texts, the others a line.
select * from (select 'session' as section, handoff_id as id, created_at as at, coalesce(compressed, story, experienced, learned, noticed, becoming, remember) as text,
                      session_id, significance,
                      case when row_number() over () = 1
                           then array[experienced, noticed, learned, story, becoming, remember] end as texts,
                      sensitivity, sealed
               from ((select *, 0 as place from session_handoffs
                      where $3::text is not null and tenant_id = $1 and project_path = $3 and with_whom = $2 and in_force
                      order by created_at desc, handoff_id desc
                      limit $4)
                     union all
                     (select *, 1 from session_handoffs
                      where tenant_id = $1 and with_whom = $2 and in_force
                        and ($3::text is null or project_path is distinct from $3)
                      order by created_at desc, handoff_id desc
                      limit $4)
                     order by place, created_at desc, handoff_id desc
                     limit $4) as sessions) as session
union all
select * from (select 'rule', rule_id, created_at, content, null, null::double precision, null::text[], sensitivity, sealed from rules
               where tenant_id = $1 and channel = 'all'
               order by priority desc, created_at, rule_id
               limit $8) as rule
union all
select * from (select 'pinned', note_id, created_at, title || ': ' || content, null, null::double precision, null::text[], sensitivity, sealed
               from knowledge_notes
               where tenant_id = $1 and pinned and in_force
               order by created_at, note_id
               limit $8) as pinned
union all
select * from (select 'remember', handoff_id, created_at, remember, null, significance, null::text[], sensitivity, sealed from session_handoffs
               where tenant_id = $1 and remember is not null and in_force
               order by significance desc, created_at desc, handoff_id desc
               limit $5) as remember
union all
select * from (select 'principle', principle_id, last_at, statement, null, null::double precision, null::text[], 'none', null::bytea
               from (select p.* from principles p
                     join session_handoffs h on h.tenant_id = $1 and h.handoff_id = p.handoff_id and h.in_force
                     where p.tenant_id = $1 and p.times >= $9 and p.centred > 0
                     order by p.times desc, p.principle_id
                     limit 24) as often
               order by trend = 'growing' desc, trend = 'fading', times desc, principle_id
               limit $6) as principle
union all
select * from (select 'becoming', handoff_id, created_at, becoming, null, null::double precision, null::text[], sensitivity, sealed from session_handoffs
               where tenant_id = $1 and becoming is not null and in_force
               order by created_at desc, handoff_id desc
               limit $6) as becoming
union all
select * from (select 'decision', decision_id, created_at, decision, null, case when pinned then 1.0 end::double precision, null::text[], sensitivity, sealed from decisions
               where tenant_id = $1 and superseded_by is null and withheld is null and archived_at is null
                 and (scope <> 'project' or project_path is null or $3::text is null or project_path = $3)
               order by pinned desc, created_at desc, decision_id desc
               limit $7) as decision
union all
select * from (select 'task', task_id, created_at, title, null, null::double precision, null::text[], sensitivity, sealed from tasks
               where tenant_id = $1 and status = 'claimed' and ($3::text is null or project_path is null or project_path = $3)
               order by claimed_by, claimed_at, task_id
               limit $6) as claimed
union all
select * from (select 'task', task_id, created_at, title, null, null::double precision, null::text[], sensitivity, sealed from tasks t
               where tenant_id = $1 and status = 'open' and ($3::text is null or project_path is null or project_path = $3)
                 and not exists (select from edges e join tasks d on d.tenant_id = $1 and d.task_id = e.to_id and d.status <> 'done'
                                 where e.tenant_id = $1 and e.from_id = t.task_id and e.edge_type = 'depends_on')
               order by priority desc, created_at, task_id
               limit $6) as ready

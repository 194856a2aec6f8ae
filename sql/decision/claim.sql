-- import, indexing: decisions that claim their words, unless another does; see Decision::said
update decisions d
set said = t.hash
from (select u.decision_id, u.hash, row_number() over (partition by u.hash order by u.created_at, u.decision_id) as place
      from (select decision_id, created_at, sha256(convert_to(decision, 'UTF8') || '\x00'::bytea || convert_to(scope, 'UTF8') || '\x00'::bytea
                                                   || convert_to(coalesce(project_path, ''), 'UTF8') || '\x00'::bytea
                                                   || convert_to(array_to_string(rationale || constraints || alternatives || consequences, E'\x01'), 'UTF8')) as hash
            from decisions where tenant_id = $1 and said is null and sealed is null and superseded_by is null and withheld is null) u) t
where d.tenant_id = $1 and d.decision_id = t.decision_id and t.place = 1
  and not exists (select from decisions o where o.tenant_id = $1 and o.said = t.hash and o.superseded_by is null and o.withheld is null)

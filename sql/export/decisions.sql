-- export_all: what is kept back is not in the export, so nothing in it may refer to that
select d.decision_id, d.tenant_id, d.decision, d.rationale, d.constraints, d.alternatives, d.consequences, d.refs, d.scope, d.project_path, d.pinned,
       d.created_at, d.sensitivity, d.sealed, d.times,
       (select o.decision_id from decisions o where o.tenant_id = $1 and o.decision_id = d.supersedes and o.withheld is null) as supersedes,
       (select o.decision_id from decisions o where o.tenant_id = $1 and o.decision_id = d.superseded_by and o.withheld is null) as superseded_by
from decisions d
where d.tenant_id = $1 and d.withheld is null
order by d.created_at, d.decision_id

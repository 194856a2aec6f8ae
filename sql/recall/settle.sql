-- import, indexing: items of what was replaced say since when
update items_of_tenant i
set superseded_at = r.at
from (select h.handoff_id as id, n.created_at as at from session_handoffs h
      join session_handoffs n on n.tenant_id = $1 and n.handoff_id = h.superseded_by where h.tenant_id = $1 and h.superseded_by is not null
      union all
      select k.note_id, n.created_at from knowledge_notes k
      join knowledge_notes n on n.tenant_id = $1 and n.note_id = k.superseded_by where k.tenant_id = $1 and k.superseded_by is not null
      union all
      select d.decision_id, n.created_at from decisions d
      join decisions n on n.tenant_id = $1 and n.decision_id = d.superseded_by where d.tenant_id = $1 and d.superseded_by is not null) r
where i.tenant_id = $1 and i.item_id = r.id and i.superseded_at is null

-- export_all: a note in the trash is not in the export, so nothing in it may refer to one
select n.note_id, n.tenant_id, n.title, n.content, n.source_handoffs, n.with_whom, n.tags, n.confidence, n.pinned,
       (select o.note_id from knowledge_notes o where o.tenant_id = $1 and o.note_id = n.supersedes and o.deleted_at is null and o.withheld is null)
           as supersedes,
       (select o.note_id from knowledge_notes o where o.tenant_id = $1 and o.note_id = n.superseded_by and o.deleted_at is null and o.withheld is null)
           as superseded_by,
       n.created_at, n.updated_at, n.sensitivity, n.sealed, n.times
from knowledge_notes n
where n.tenant_id = $1 and n.deleted_at is null and n.withheld is null
order by n.created_at, n.note_id

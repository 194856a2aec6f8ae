-- export_all: what is in the trash or kept back is not in the export, so nothing in it may refer to that
select h.handoff_id, h.tenant_id, h.session_id, h.with_whom, h.experienced, h.noticed, h.learned, h.story, h.becoming, h.remember, h.significance,
       h.tags, h.sensitivity, h.project_path, h.compression_level, h.compressed, h.created_at, h.sealed,
       (select o.handoff_id from session_handoffs o
        where o.tenant_id = $1 and o.handoff_id = h.supersedes and o.deleted_at is null and o.withheld is null) as supersedes,
       (select o.handoff_id from session_handoffs o
        where o.tenant_id = $1 and o.handoff_id = h.superseded_by and o.deleted_at is null and o.withheld is null) as superseded_by
from session_handoffs h
where h.tenant_id = $1 and h.deleted_at is null and h.withheld is null
order by h.created_at, h.handoff_id

-- import, indexing: notes that another replaces say by which, where that was not known yet: the first that did
update knowledge_notes o
set superseded_by = n.note_id
from knowledge_notes n
where o.tenant_id = $1 and o.superseded_by is null and n.tenant_id = $1 and n.supersedes = o.note_id and n.deleted_at is null
  and not exists (select from knowledge_notes m where m.tenant_id = $1 and m.supersedes = o.note_id and m.deleted_at is null
                  and (m.created_at, m.note_id) < (n.created_at, n.note_id))

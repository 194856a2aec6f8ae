-- knowledge_delete: what the note ($2) replaced is in force again, or gives way to what replaced the note itself; without its claim to its words where another note says the same by now
update knowledge_notes n
set superseded_by = (select b.superseded_by from knowledge_notes b where b.tenant_id = $1 and b.note_id = $2),
    said = case when exists (select from knowledge_notes o where o.tenant_id = $1 and o.said = n.said and o.deleted_at is null and o.withheld is null and o.superseded_by is null and o.note_id <> n.note_id)
                then null else n.said end
where n.tenant_id = $1 and n.superseded_by = $2
returning n.note_id, n.superseded_by is null

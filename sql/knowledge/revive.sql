-- knowledge_delete: what the note ($2) replaced is in force again, and without its claim to its words where another note says the same by now
update knowledge_notes n
set superseded_by = null,
    said = case when exists (select from knowledge_notes o where o.tenant_id = $1 and o.said = n.said and o.in_force and o.note_id not in (n.note_id, $2))
                then null else n.said end
where n.tenant_id = $1 and n.superseded_by = $2
returning n.note_id

-- trash_restore: $2 id; without its claim to its words where another note says the same by now
update knowledge_notes n
set deleted_at = null,
    said = case when exists (select from knowledge_notes o where o.tenant_id = $1 and o.said = n.said and o.deleted_at is null and o.withheld is null and o.superseded_by is null) then null else n.said end
where n.tenant_id = $1 and n.note_id = $2 and n.deleted_at is not null
returning n.note_id, n.supersedes, n.created_at

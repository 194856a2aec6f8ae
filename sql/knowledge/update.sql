-- knowledge_update: $2 id, $3 title, $4 content, then what changes or null, $9 at, $10 sensitivity, $11 sealed, $12 SHA-256 of what it says now
update knowledge_notes
set title = $3, content = $4, sensitivity = $10, sealed = $11, source_handoffs = coalesce($5, source_handoffs),
    tags = coalesce($6, tags), confidence = coalesce($7, confidence), pinned = coalesce($8, pinned), updated_at = $9,
    said = case when exists (select from knowledge_notes o where o.tenant_id = $1 and o.said = $12 and o.deleted_at is null and o.withheld is null and o.superseded_by is null and o.note_id <> $2) then null
                else $12 end
where tenant_id = $1 and note_id = $2 and deleted_at is null
returning *

-- edit_approve, edit_reject: $2 id, $3 title, $4 content, $5 sensitivity, $6 sealed, $7 confidence, $8 when, $9 SHA-256 of what it says now
update knowledge_notes
set title = $3, content = $4, sensitivity = $5, sealed = $6, confidence = $7, updated_at = $8,
    said = case when exists (select from knowledge_notes o where o.tenant_id = $1 and o.said = $9 and o.deleted_at is null and o.withheld is null and o.superseded_by is null and o.note_id <> $2) then null else $9 end
where tenant_id = $1 and note_id = $2

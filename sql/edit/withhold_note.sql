-- edit_approve, edit_reject: a note ($2) is kept back; $3 why, or null when it may be shown again
update knowledge_notes t set withheld = $3::text,
    said = case when $3::text is null and exists (select from knowledge_notes o where o.tenant_id = $1 and o.said = t.said and o.deleted_at is null and o.withheld is null and o.superseded_by is null and o.note_id <> $2)
                then null else said end
where t.tenant_id = $1 and t.note_id = $2
returning note_id

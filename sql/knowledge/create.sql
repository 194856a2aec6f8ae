-- knowledge_create: $2 id, $3 title, $4 content, $5 sources, $6 with_whom, $7 tags, $8 confidence, $9 pinned, $10 supersedes, $11 at, $12 sensitivity, $13 sealed
insert into knowledge_notes (tenant_id, note_id, title, content, source_handoffs, with_whom, tags, confidence, pinned, supersedes,
                             created_at, updated_at, sensitivity, sealed)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13)

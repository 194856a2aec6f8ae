-- knowledge_create: $2 id, $3 title, $4 content, $5 sources, $6 with_whom, $7 tags, $8 confidence, $9 pinned, $10 supersedes, $11 at, $12 sensitivity,
-- $13 sealed, $14 SHA-256 of what it says. What says the same is counted, and answers in its place
insert into knowledge_notes as n (tenant_id, note_id, title, content, source_handoffs, with_whom, tags, confidence, pinned, supersedes,
                                  created_at, updated_at, sensitivity, sealed, said)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14)
on conflict (tenant_id, said) where said is not null and deleted_at is null and withheld is null and superseded_by is null
do update set times = n.times + 1, pinned = n.pinned or excluded.pinned, confidence = greatest(n.confidence, excluded.confidence),
              tags = array(select distinct tag from unnest(n.tags || excluded.tags) as tag order by tag limit 64),
              source_handoffs = array(select distinct id from unnest(n.source_handoffs || excluded.source_handoffs) as id order by id limit 256)
returning note_id

-- import: notes that are not there yet
insert into knowledge_notes (tenant_id, note_id, title, content, source_handoffs, with_whom, tags, confidence, pinned,
                             supersedes, created_at, updated_at, sensitivity, sealed, superseded_by, times)
select t.tenant_id, t.note_id, t.title, t.content, t.source_handoffs::text[], t.with_whom, t.tags::text[], t.confidence,
       t.pinned::boolean, t.supersedes, t.created_at, t.updated_at, t.sensitivity, t.sealed, t.superseded_by, t.times
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::double precision[],
            $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::bytea[], $15::text[], $16::integer[])
     as t (tenant_id, note_id, title, content, source_handoffs, with_whom, tags, confidence, pinned, supersedes, created_at,
           updated_at, sensitivity, sealed, superseded_by, times)
on conflict do nothing
returning note_id

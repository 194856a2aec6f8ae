-- handoff_create: many handoffs of many tenants; the stored tenant is the setting's own return value, so row and policy cannot differ
insert into session_handoffs (tenant_id, handoff_id, session_id, with_whom, experienced, noticed, learned, story, becoming,
                              remember, significance, tags, sensitivity, project_path, compression_level, created_at, sealed, supersedes, superseded_by,
                              written_by, written_how)
select set_config('app.tenant', t.tenant_id, true), t.handoff_id, t.session_id, t.with_whom, t.experienced, t.noticed, t.learned,
       t.story, t.becoming, t.remember, t.significance, t.tags::text[], t.sensitivity, t.project_path, t.compression_level,
       t.created_at, t.sealed, t.supersedes, t.superseded_by, t.written_by, t.written_how
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::text[], $11::double precision[], $12::text[], $13::text[], $14::text[], $15::text[],
            $16::timestamptz[], $17::bytea[], $18::text[], $19::text[], $20::text[], $21::text[])
     as t (tenant_id, handoff_id, session_id, with_whom, experienced, noticed, learned, story, becoming, remember, significance,
           tags, sensitivity, project_path, compression_level, created_at, sealed, supersedes, superseded_by, written_by, written_how)

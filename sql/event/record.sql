-- event_record: many events of many tenants; see handoff_create for the first column
insert into events (tenant_id, event_id, session_id, channel, actor_type, actor_id, kind, content, sensitivity, tags, refs, scope,
                    subject_type, subject_id, project_id, at, created_at, sealed, written_by, written_how)
select set_config('app.tenant', t.tenant_id, true), t.event_id, t.session_id, t.channel, t.actor_type, t.actor_id, t.kind,
       t.content::json, t.sensitivity, t.tags::text[], t.refs::text[], t.scope, t.subject_type, t.subject_id, t.project_id, t.at,
       t.created_at, t.sealed, t.written_by, t.written_how
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
            $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::timestamptz[], $17::timestamptz[], $18::bytea[], $19::text[], $20::text[])
     as t (tenant_id, event_id, session_id, channel, actor_type, actor_id, kind, content, sensitivity, tags, refs, scope,
           subject_type, subject_id, project_id, at, created_at, sealed, written_by, written_how)

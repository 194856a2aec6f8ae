-- event_record: the artifacts of the same events
insert into artifacts (tenant_id, artifact_id, event_id, name, media_type, body, sealed)
select set_config('app.tenant', t.tenant_id, true), t.artifact_id, t.event_id, t.name, t.media_type, t.body, t.sealed
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::boolean[])
     as t (tenant_id, artifact_id, event_id, name, media_type, body, sealed)

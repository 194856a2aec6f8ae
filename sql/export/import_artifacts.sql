-- import: artifacts of events that are not there yet
insert into artifacts (tenant_id, artifact_id, event_id, name, media_type, body, sealed)
select t.tenant_id, t.artifact_id, t.event_id, t.name, t.media_type, t.body, t.sealed
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::boolean[])
     as t (tenant_id, artifact_id, event_id, name, media_type, body, sealed)
on conflict do nothing
returning artifact_id

-- event_record: the chunks of the same events
insert into chunks (tenant_id, chunk_id, event_id, seq, text, token_count, sealed)
select set_config('app.tenant', t.tenant_id, true), t.chunk_id, t.event_id, t.seq, t.text, t.token_count, t.sealed
from unnest($1::text[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::integer[], $7::bytea[])
     as t (tenant_id, chunk_id, event_id, seq, text, token_count, sealed)

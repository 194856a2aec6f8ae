-- recall: the items of many memories of many tenants; see handoff_create for the first column. $14 and $15 say where each row's terms and parts end in $16 and $17
insert into items (tenant_id, item_id, kind, session_id, actor, role, with_whom, project, channel, sensitivity, tags, at, valid_from,
                   terms, parts)
select set_config('app.tenant', t.tenant_id, true), t.item_id, t.kind, t.session_id, t.actor, t.role, t.with_whom, t.project, t.channel,
       t.sensitivity, t.tags::text[], t.at, t.valid_from,
       ($16::bigint[])[coalesce(($14::integer[])[t.place - 1], 0) + 1 : t.terms_end],
       ($17::integer[])[coalesce(($15::integer[])[t.place - 1], 0) + 1 : t.parts_end]
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
            $11::text[], $12::timestamptz[], $13::timestamptz[], $14::integer[], $15::integer[]) with ordinality
     as t (tenant_id, item_id, kind, session_id, actor, role, with_whom, project, channel, sensitivity, tags, at, valid_from, terms_end,
           parts_end, place)

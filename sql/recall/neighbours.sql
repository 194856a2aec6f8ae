-- recall: up to two events before and after each of some: $2 their sessions, $3 their instants, $4 their ids, $5 as_of, $6 levels
select c.id, n.item_id, n.kind, n.session_id, n.actor, n.role, n.at, n.weight, n.terms, n.parts, n.body
from unnest($2::text[], $3::timestamptz[], $4::text[]) as c (session, at, id),
     lateral (
        (select * from items_of_tenant b
         where b.tenant_id = $1 and b.session_id = c.session and b.kind = 'event' and (b.at, b.item_id) < (c.at, c.id)
           and not b.trashed and b.withheld is null and b.sensitivity = any($6::text[])
           and case when $5::timestamptz is null then b.superseded_at is null
                    else b.valid_from <= $5 and (b.superseded_at is null or b.superseded_at > $5) end
         order by b.at desc, b.item_id desc limit 2)
        union all
        (select * from items_of_tenant a
         where a.tenant_id = $1 and a.session_id = c.session and a.kind = 'event' and (a.at, a.item_id) > (c.at, c.id)
           and not a.trashed and a.withheld is null and a.sensitivity = any($6::text[])
           and case when $5::timestamptz is null then a.superseded_at is null
                    else a.valid_from <= $5 and (a.superseded_at is null or a.superseded_at > $5) end
         order by a.at, a.item_id limit 2)) as n

-- recall: the newest items with any of the terms ($2), both of a pair (two and two of $3), or all of some ($4): $5 kinds, $6 with_whom, $7 session,
-- $8 tags, $9 since, $10 until, $11 as_of, $12 project, $13 levels, $14 quarantined ones too, $15 limit, $16 how many are looked at
-- before the newest of them are taken
select * from (
select i.item_id, i.kind, i.session_id, i.actor, i.role, i.at, i.weight, i.terms, i.parts, i.body
from items_by_terms i
where (i.terms && $2::bigint[] or i.terms @> nullif($4::bigint[], '{}')
       or i.terms @> nullif(($3::bigint[])[1:2], '{}') or i.terms @> nullif(($3::bigint[])[3:4], '{}')
       or i.terms @> nullif(($3::bigint[])[5:6], '{}') or i.terms @> nullif(($3::bigint[])[7:8], '{}')
       or i.terms @> nullif(($3::bigint[])[9:10], '{}') or i.terms @> nullif(($3::bigint[])[11:12], '{}'))
  and (i.tenant_id = $1) is true
  and not i.trashed and (i.withheld is null or $14 and i.withheld = 'quarantined')
  and case when $11::timestamptz is null then i.superseded_at is null
           else i.valid_from <= $11 and (i.superseded_at is null or i.superseded_at > $11) end
  and (cardinality($5::text[]) = 0 or i.kind = any($5))
  and ($6::text is null or i.with_whom = $6 or (i.kind = 'event' and i.actor = $6))
  and ($7::text is null or i.session_id = $7)
  and (cardinality($8::text[]) = 0 or i.tags @> $8)
  and ($9::timestamptz is null or i.at >= $9) and ($10::timestamptz is null or i.at < $10)
  and ($12::text is null or i.project = $12)
  and i.sensitivity = any($13::text[])
limit $16) as found
order by at desc, item_id desc
limit $15

-- recall: $2 words as a tsquery, $3 kinds, $4 with_whom, $5 session_id, $6 tags, $7 since, $8 until, $9 project, $10 limit
with item as (
    select * from (
        (select c.event_id as id, 'event' as kind, c.text, e.at, e.actor_id as actor, e.session_id, e.tags, 'chunk' as source
         from events e
         join chunks c on c.tenant_id = $1 and c.event_id = e.event_id
         where e.tenant_id = $1 and e.sensitivity not in ('high', 'secret')
           and ($5::text is null or e.session_id = $5)
           and ($4::text is null or e.actor_id = $4)
           and ($9::text is null or e.project_id = $9)
           and (cardinality($3::text[]) = 0 or 'event' = any($3)) and e.tags @> $6::text[]
           and ($7::timestamptz is null or e.at >= $7) and ($8::timestamptz is null or e.at < $8)
         order by e.at desc, e.event_id desc
         limit 20000)
        union all
        (select h.handoff_id, 'handoff', t.text, h.created_at, null, h.session_id, h.tags, t.source
         from session_handoffs h,
              lateral (values (h.experienced, 'experienced'), (h.noticed, 'noticed'), (h.learned, 'learned'), (h.story, 'story'),
                              (h.becoming, 'becoming'), (h.remember, 'remember')) as t (text, source)
         where h.tenant_id = $1 and h.deleted_at is null and h.sensitivity not in ('high', 'secret') and t.text is not null
           and ($5::text is null or h.session_id = $5)
           and ($4::text is null or h.with_whom = $4)
           and ($9::text is null or h.project_path = $9)
           and (cardinality($3::text[]) = 0 or 'handoff' = any($3)) and h.tags @> $6::text[]
           and ($7::timestamptz is null or h.created_at >= $7) and ($8::timestamptz is null or h.created_at < $8)
         order by h.created_at desc, h.handoff_id desc
         limit 20000)
        union all
        (select note_id, 'knowledge', title || E'\n' || content, created_at, null, null, tags, 'content'
         from knowledge_notes
         where tenant_id = $1 and deleted_at is null and sensitivity not in ('high', 'secret') and $5::text is null and ($4::text is null or with_whom = $4) and $9::text is null
           and (cardinality($3::text[]) = 0 or 'knowledge' = any($3)) and tags @> $6::text[]
           and ($7::timestamptz is null or created_at >= $7) and ($8::timestamptz is null or created_at < $8)
         order by created_at desc, note_id desc
         limit 20000)
        union all
        (select decision_id, 'decision', decision, created_at, null, null, '{}'::text[], 'decision'
         from decisions
         where tenant_id = $1 and superseded_by is null and sensitivity not in ('high', 'secret') and $5::text is null and $4::text is null
           and ($9::text is null or project_path = $9)
           and (cardinality($3::text[]) = 0 or 'decision' = any($3)) and cardinality($6::text[]) = 0
           and ($7::timestamptz is null or created_at >= $7) and ($8::timestamptz is null or created_at < $8)
         order by created_at desc, decision_id desc
         limit 20000)
    ) as every
    order by at desc, id desc
    limit 20000
), fitting as (
    select item.*, ts_rank(to_tsvector('english', left(text, 200000)), words)::double precision as score
    from item, to_tsquery('english', $2) as words
    where to_tsvector('english', left(text, 200000)) @@ words
), best as (
    select distinct on (id) * from fitting order by id, score desc, source
)
select * from best order by score desc, at desc, id desc limit $10

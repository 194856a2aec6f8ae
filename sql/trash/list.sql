-- trash_list: $2 and $3 the cursor, $4 limit
select * from (
    select handoff_id as id, 'handoff' as kind,
           case when sensitivity = 'secret' or sealed is not null then '(secret)' when withheld is not null then '(withheld)'
                else coalesce(story, experienced, learned, noticed, remember, becoming) end as text, deleted_at
    from session_handoffs where tenant_id = $1 and deleted_at is not null
    union all
    select note_id, 'knowledge', case when sealed is not null then '(secret)' when withheld is not null then '(withheld)' else title end, deleted_at from knowledge_notes where tenant_id = $1 and deleted_at is not null
) as trash
where $2::timestamptz is null or (deleted_at, id) < ($2, $3)
order by deleted_at desc, id desc
limit $4

-- What recall searches: every memory's words by their hashes, and how often words occur.

create table items (
    tenant_id     text collate "C" not null,
    item_id       text collate "C" not null, -- a chunk's, handoff's, note's or decision's
    valid_from    timestamptz      not null, -- an update appends a version
    superseded_at timestamptz,
    kind          text             not null,
    session_id    text collate "C",
    actor         text,
    role          text,
    with_whom     text collate "C",
    project       text collate "C",
    channel       text,
    sensitivity   text             not null default 'none',
    tags          text[]           not null default '{}',
    at            timestamptz      not null,
    withheld      text,                      -- trashed, retracted, quarantined or blocked
    weight        double precision not null default 1,
    terms         bigint[]         not null, -- the words that count, in their order
    parts         integer[]        not null, -- of each text: its place in the memory, how many of the words are its own, flags
    body          text,                      -- what an older version said
    constraint items_pkey primary key (tenant_id, item_id, valid_from),
    constraint item_withheld check (withheld in ('trashed', 'retracted', 'quarantined', 'blocked')),
    constraint item_weight_range check (weight between 0 and 1)
);
select tenant_table('items');
comment on table items is 'The index of recall. Written by batch inserts, read and changed through recall_ functions alone.';

-- A list of words that waits is long, and emptied beside the writes (recall_tidy).
create index idx_items_terms on items using gin (terms) with (fastupdate = on, gin_pending_list_limit = 65536);
-- what was said before and after
create index idx_items_session on items (tenant_id, session_id, at, item_id) where kind = 'event';

create table term_counts (
    tenant_id text collate "C" not null,
    term      bigint           not null,
    texts     bigint           not null,
    constraint term_counts_pkey primary key (tenant_id, term)
) with (fillfactor = 70);
select tenant_table('term_counts');

create table item_counts (
    tenant_id text collate "C" not null,
    items     bigint           not null,
    passages  bigint           not null,
    words     bigint           not null,
    constraint item_counts_pkey primary key (tenant_id)
) with (fillfactor = 70);
select tenant_table('item_counts');

-- Items of the bound tenant that have any of the terms. An index over arrays is never used under a policy, as its operators are not
-- leakproof; so this reads as the owner and filters by itself. The tenant is compared in a form that no other index offers.
create function recall_candidates(wanted bigint[], kinds text[], whom text, in_session text, labels text[], since timestamptz,
    until timestamptz, believed timestamptz, in_project text, levels text[], quarantined boolean, most integer)
returns table (tenant_id text, item_id text, kind text, session_id text, actor text, role text, at timestamptz, weight double precision,
    terms bigint[], parts integer[], body text)
language plpgsql stable security definer
set search_path from current set enable_bitmapscan = on set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
    return query
    select i.tenant_id, i.item_id, i.kind, i.session_id, i.actor, i.role, i.at, i.weight, i.terms, i.parts, i.body
    from items i
    where i.terms && wanted
      and i.tenant_id || '' = current_setting('app.tenant', true)
      and (i.withheld is null or quarantined and i.withheld = 'quarantined')
      and case when believed is null then i.superseded_at is null
               else i.valid_from <= believed and (i.superseded_at is null or i.superseded_at > believed) end
      and (cardinality(kinds) = 0 or i.kind = any(kinds))
      and (whom is null or i.with_whom = whom or (i.kind = 'event' and i.actor = whom))
      and (in_session is null or i.session_id = in_session)
      and (cardinality(labels) = 0 or i.tags @> labels)
      and (since is null or i.at >= since) and (until is null or i.at < until)
      and (in_project is null or i.project = in_project)
      and i.sensitivity = any(levels)
    limit most;
end $$;

-- Up to two events before and after each of some, in the order of their session; `distance` is negative before.
create function recall_neighbours(sessions text[], instants timestamptz[], ids text[], believed timestamptz, levels text[])
returns table (tenant_id text, around text, distance integer, item_id text, kind text, session_id text, actor text, role text, at timestamptz,
    weight double precision, terms bigint[], parts integer[], body text)
language plpgsql stable security definer
set search_path from current set enable_seqscan = off set enable_sort = off set enable_bitmapscan = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
    bound constant text := current_setting('app.tenant', true);
begin
    return query
    select n.tenant_id, c.id, n.distance, n.item_id, n.kind, n.session_id, n.actor, n.role, n.at, n.weight, n.terms, n.parts, n.body
    from unnest(sessions, instants, ids) as c (session, at, id),
         lateral (
            (select -(row_number() over (order by b.at desc, b.item_id desc))::integer as distance, b.* from items b
             where b.tenant_id = bound and b.session_id = c.session and b.kind = 'event' and (b.at, b.item_id) < (c.at, c.id)
               and b.withheld is null and b.superseded_at is null and b.sensitivity = any(levels)
               and (believed is null or b.at <= believed)
             order by b.at desc, b.item_id desc limit 2)
            union all
            (select (row_number() over (order by a.at, a.item_id))::integer, a.* from items a
             where a.tenant_id = bound and a.session_id = c.session and a.kind = 'event' and (a.at, a.item_id) > (c.at, c.id)
               and a.withheld is null and a.superseded_at is null and a.sensitivity = any(levels)
               and (believed is null or a.at <= believed)
             order by a.at, a.item_id limit 2)) as n;
end $$;

-- The memory says something else from now on; what it said until then is kept for who asks what was believed.
create function recall_supersede(id text, instant timestamptz, said text) returns void
language sql security definer set search_path from current as $$
    update items set superseded_at = instant, body = coalesce(said, body)
    where tenant_id = current_setting('app.tenant', true) and item_id = id and superseded_at is null
$$;

-- Keeps a memory back, or lets it come again (null).
create function recall_withhold(ids text[], why text) returns void
language sql security definer set search_path from current as $$
    update items set withheld = why where tenant_id = current_setting('app.tenant', true) and item_id = any(ids)
$$;

-- Lets a memory count for less.
create function recall_weigh(id text, share double precision) returns void
language sql security definer set search_path from current as $$
    update items set weight = share where tenant_id = current_setting('app.tenant', true) and item_id = id
$$;

-- Forgets memories for good.
create function recall_forget(ids text[]) returns void
language sql security definer set search_path from current as $$
    delete from items where tenant_id = current_setting('app.tenant', true) and item_id = any(ids)
$$;

-- Works the words that wait into the index.
create function recall_tidy() returns void language plpgsql security definer set search_path from current as $$
begin
    perform gin_clean_pending_list('idx_items_terms'::regclass);
end $$;

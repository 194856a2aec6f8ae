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
    trashed       boolean          not null default false,
    withheld      text,                      -- by an edit: retracted, quarantined or blocked
    weight        double precision not null default 1,
    terms         bigint[]         not null, -- the words that count, in their order
    parts         integer[]        not null, -- of each text: its place in the memory, how many of the words are its own, flags
    body          text[],                    -- what an older version said, text by text
    constraint items_pkey primary key (tenant_id, item_id, valid_from),
    constraint item_withheld check (withheld in ('retracted', 'quarantined', 'blocked')),
    constraint item_weight_range check (weight between 0 and 1)
);
select tenant_table('items');
comment on table items is 'The index of recall. Written by batch inserts, read and changed through its views alone.';

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

-- The bound tenant's items. An index over arrays is never used under a policy, as its operators are not leakproof: these views read
-- as the owner, whom no policy binds, and filter by themselves. In the first the tenant is compared in a form that no other index offers.
create view items_by_terms as select * from items where tenant_id || '' = current_setting('app.tenant', true);
create view items_of_tenant as select * from items where tenant_id = current_setting('app.tenant', true) with check option;

-- Works the words that wait into the index.
create function recall_tidy() returns void language plpgsql security definer set search_path from current as $$
begin
    perform gin_clean_pending_list('idx_items_terms'::regclass);
end $$;

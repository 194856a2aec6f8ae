-- What consolidation makes of a memory: shorter forms of old handoffs, principles, reflections, what was used when.

alter table session_handoffs add column compressed text; -- what stands for it at its compression_level; the texts themselves stay
-- handoff_compression: who is due next
create index idx_session_handoffs_compress on session_handoffs (tenant_id, compression_level, created_at, handoff_id)
    where compression_level <> 'integrated' and sealed is null;
comment on column session_handoffs.compressed is 'Made of the texts by handoff_compression; null while the level is full.';

alter table decisions add column archived_at timestamptz; -- out of the active set, and still found by recall
drop index idx_decisions_in_force;
-- wake_up and context_build: the active ones, pinned ones first
create index idx_decisions_active on decisions (tenant_id, pinned desc, created_at desc, decision_id desc)
    where superseded_by is null and withheld is null and archived_at is null;

-- When recall or a context last showed a memory. Events are not counted: nothing asks.
create table item_uses (
    tenant_id text collate "C" not null,
    item_id   text collate "C" not null,
    uses      bigint           not null,
    used_at   timestamptz      not null,
    constraint item_uses_pkey primary key (tenant_id, item_id)
) with (fillfactor = 70);
select tenant_table('item_uses');

-- Statements of becoming that say the same are one principle.
create table principles (
    tenant_id    text collate "C" not null,
    principle_id text collate "C" not null,
    statement    text             not null, -- the most central of the statements
    handoff_id   text collate "C" not null, -- whose words these are
    times        integer          not null,
    centred      integer          not null default 0, -- of how many statements it was the most central
    first_at     timestamptz      not null,
    last_at      timestamptz      not null,
    trend        text             not null default 'steady',
    constraint principles_pkey primary key (tenant_id, principle_id),
    constraint principle_handoff_fkey foreign key (tenant_id, handoff_id) references session_handoffs (tenant_id, handoff_id) on delete cascade,
    constraint principle_trend check (trend in ('growing', 'steady', 'fading'))
);
select tenant_table('principles');
create index idx_principles_times on principles (tenant_id, times desc, principle_id);
create index idx_principles_handoff on principles (tenant_id, handoff_id);
create table principle_evidence (
    tenant_id    text collate "C" not null,
    handoff_id   text collate "C" not null,
    principle_id text collate "C" not null,
    at           timestamptz      not null,
    constraint principle_evidence_pkey primary key (tenant_id, handoff_id),
    constraint evidence_handoff_fkey foreign key (tenant_id, handoff_id) references session_handoffs (tenant_id, handoff_id) on delete cascade,
    constraint evidence_principle_fkey foreign key (tenant_id, principle_id) references principles (tenant_id, principle_id) on delete cascade
);
select tenant_table('principle_evidence');
create index idx_principle_evidence_principle on principle_evidence (tenant_id, principle_id, at desc);

-- What a day, a week or a month was.
create table reflections (
    tenant_id text collate "C" not null,
    period    text             not null,
    starts_at timestamptz      not null,
    ends_at   timestamptz      not null,
    handoffs  integer          not null, -- of how many it was made
    content   jsonb            not null,
    constraint reflections_pkey primary key (tenant_id, period, starts_at),
    constraint reflection_period check (period in ('day', 'week', 'month'))
);
select tenant_table('reflections');
create index idx_reflections_newest on reflections (tenant_id, ends_at desc);

-- By what near-identical memories find each other: three keys, each of the same two smallest hashes of a memory's words (min-hash).
create table item_shapes (
    tenant_id text collate "C" not null,
    item_id   text collate "C" not null,
    a         bigint           not null,
    b         bigint           not null,
    c         bigint           not null,
    constraint item_shapes_pkey primary key (tenant_id, item_id)
);
select tenant_table('item_shapes');
create index idx_item_shapes_a on item_shapes (tenant_id, a, item_id);
create index idx_item_shapes_b on item_shapes (tenant_id, b, item_id);
create index idx_item_shapes_c on item_shapes (tenant_id, c, item_id);

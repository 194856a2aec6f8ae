-- What replaces what, what is kept back, and what was said before: for handoffs, notes, decisions and chunks.

alter table session_handoffs
    add column supersedes    text collate "C",
    add column superseded_by text collate "C",
    add column withheld      text, -- by an edit: retracted, quarantined or blocked
    add constraint handoff_supersedes_fkey foreign key (tenant_id, supersedes) references session_handoffs (tenant_id, handoff_id)
        on delete set null (supersedes),
    add constraint handoff_superseded_by_fkey foreign key (tenant_id, superseded_by) references session_handoffs (tenant_id, handoff_id)
        on delete set null (superseded_by) deferrable initially deferred,
    add constraint handoff_withheld check (withheld in ('retracted', 'quarantined', 'blocked'));
alter table session_handoffs
    add column in_force boolean not null generated always as (deleted_at is null and withheld is null and superseded_by is null) stored;
create index idx_session_handoffs_supersedes on session_handoffs (tenant_id, supersedes) where supersedes is not null;
create index idx_session_handoffs_superseded_by on session_handoffs (tenant_id, superseded_by) where superseded_by is not null;

alter table knowledge_notes
    add column superseded_by text collate "C",
    add column withheld      text,
    add column said          bytea,                      -- SHA-256 of what it says, unless that is sealed
    add column times         integer not null default 1, -- how often it was written
    add constraint knowledge_superseded_by_fkey foreign key (tenant_id, superseded_by) references knowledge_notes (tenant_id, note_id)
        on delete set null (superseded_by) deferrable initially deferred,
    add constraint knowledge_withheld check (withheld in ('retracted', 'quarantined', 'blocked'));
alter table knowledge_notes
    add column in_force boolean not null generated always as (deleted_at is null and withheld is null and superseded_by is null) stored;
create unique index idx_knowledge_notes_said on knowledge_notes (tenant_id, said)
    where said is not null and deleted_at is null and withheld is null and superseded_by is null;
create index idx_knowledge_notes_superseded_by on knowledge_notes (tenant_id, superseded_by) where superseded_by is not null;
-- wake_up and context_build: what always comes first
create index idx_knowledge_notes_pinned on knowledge_notes (tenant_id, created_at, note_id) where pinned;
update knowledge_notes o set superseded_by = n.note_id
from knowledge_notes n
where n.tenant_id = o.tenant_id and n.supersedes = o.note_id and n.deleted_at is null
  and not exists (select from knowledge_notes m where m.tenant_id = o.tenant_id and m.supersedes = o.note_id and m.deleted_at is null
                  and (m.created_at, m.note_id) < (n.created_at, n.note_id));

alter table decisions
    add column withheld text,
    add column said     bytea,
    add column times    integer not null default 1,
    add constraint decision_withheld check (withheld in ('retracted', 'quarantined', 'blocked'));
create unique index idx_decisions_said on decisions (tenant_id, said) where said is not null and withheld is null and superseded_by is null;

alter table chunks
    add column withheld text,
    add constraint chunk_withheld check (withheld in ('retracted', 'quarantined', 'blocked'));

-- Notes: what was understood, with the handoffs it comes from.

create table knowledge_notes (
    tenant_id       text collate "C" not null,
    note_id         text collate "C" not null,
    title           text             not null,
    content         text             not null,
    source_handoffs text[]           not null default '{}',
    with_whom       text collate "C",
    tags            text[]           not null default '{}',
    confidence      double precision not null default 0.7,
    pinned          boolean          not null default false,
    supersedes      text collate "C",
    created_at      timestamptz      not null,
    updated_at      timestamptz      not null,
    deleted_at      timestamptz,
    constraint knowledge_notes_pkey primary key (tenant_id, note_id),
    constraint knowledge_supersedes_fkey foreign key (tenant_id, supersedes) references knowledge_notes (tenant_id, note_id)
        on delete set null (supersedes),
    constraint knowledge_confidence_range check (confidence between 0 and 1)
);
select tenant_table('knowledge_notes');

create index idx_knowledge_notes_tenant_created on knowledge_notes (tenant_id, created_at desc, note_id desc);
create index idx_knowledge_notes_supersedes on knowledge_notes (tenant_id, supersedes) where supersedes is not null;
create index idx_knowledge_notes_trash on knowledge_notes (tenant_id, deleted_at) where deleted_at is not null;

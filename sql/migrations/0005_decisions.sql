-- Decisions and what they replace.

create table decisions (
    tenant_id     text collate "C" not null,
    decision_id   text collate "C" not null,
    decision      text             not null,
    rationale     text[]           not null default '{}',
    constraints   text[]           not null default '{}',
    alternatives  text[]           not null default '{}',
    consequences  text[]           not null default '{}',
    refs          text[]           not null default '{}',
    scope         text             not null default 'project',
    project_path  text collate "C",
    pinned        boolean          not null default false,
    supersedes    text collate "C",
    superseded_by text collate "C",
    created_at    timestamptz      not null,
    constraint decisions_pkey primary key (tenant_id, decision_id),
    constraint decision_supersedes_fkey foreign key (tenant_id, supersedes) references decisions (tenant_id, decision_id)
        on delete set null (supersedes),
    constraint decision_superseded_by_fkey foreign key (tenant_id, superseded_by) references decisions (tenant_id, decision_id)
        on delete set null (superseded_by) deferrable initially deferred,
    constraint decision_scope check (scope in ('project', 'user', 'global'))
);
select tenant_table('decisions');

create index idx_decisions_tenant_created on decisions (tenant_id, created_at desc, decision_id desc);
create index idx_decisions_supersedes on decisions (tenant_id, supersedes) where supersedes is not null;
create index idx_decisions_superseded_by on decisions (tenant_id, superseded_by) where superseded_by is not null;
-- wake_up: decisions in force, pinned ones first
create index idx_decisions_in_force on decisions (tenant_id, pinned desc, created_at desc, decision_id desc)
    where superseded_by is null;

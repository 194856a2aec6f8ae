-- What an agent hands to its next session.

create table session_handoffs (
    tenant_id         text collate "C" not null,
    handoff_id        text collate "C" not null,
    session_id        text collate "C" not null,
    with_whom         text collate "C" not null,
    experienced       text,
    noticed           text,
    learned           text,
    story             text,
    becoming          text,
    remember          text,
    significance      double precision not null default 0.5,
    tags              text[]           not null default '{}',
    sensitivity       text             not null default 'none',
    project_path      text collate "C",
    compression_level text             not null default 'full',
    created_at        timestamptz      not null,
    deleted_at        timestamptz,
    constraint session_handoffs_pkey primary key (tenant_id, handoff_id),
    constraint handoff_significance_range check (significance between 0 and 1),
    constraint handoff_says_something check (num_nonnulls(experienced, noticed, learned, story, becoming, remember) > 0),
    constraint handoff_sensitivity check (sensitivity in ('none', 'low', 'medium', 'high', 'secret')),
    constraint handoff_compression_level check (compression_level in ('full', 'summary', 'quick_ref', 'integrated'))
);
select tenant_table('session_handoffs');

create index idx_session_handoffs_tenant_created on session_handoffs (tenant_id, created_at desc, handoff_id desc);
-- wake_up and handoff_last: the newest with one person
create index idx_session_handoffs_with_whom on session_handoffs (tenant_id, with_whom, created_at desc, handoff_id desc);
-- handoff_list and wake_up within a project, where one is named
create index idx_session_handoffs_project on session_handoffs (tenant_id, project_path, created_at desc, handoff_id desc)
    where project_path is not null;
-- identity_thread: sparse, so a search for statements must not walk a million rows without one
create index idx_session_handoffs_becoming on session_handoffs (tenant_id, created_at desc, handoff_id desc)
    where becoming is not null;
-- wake_up: what matters most among what must be remembered
create index idx_session_handoffs_remember on session_handoffs (tenant_id, significance desc, created_at desc, handoff_id desc)
    where remember is not null;
-- trash_list and the purge
create index idx_session_handoffs_trash on session_handoffs (tenant_id, deleted_at) where deleted_at is not null;

-- Sessions that agents have begun and not ended: what the sweep looks through for those that will never end by themselves.

create table sessions (
    tenant_id    text collate "C" not null,
    session_id   text collate "C" not null,
    agent_id     text             not null,
    with_whom    text             not null,
    project_path text,
    opened_at    timestamptz      not null,
    ended_at     timestamptz,
    constraint sessions_pkey primary key (tenant_id, session_id)
);
select tenant_table('sessions');
create index idx_sessions_open on sessions (tenant_id, opened_at) where ended_at is null;
-- session_end: whether the session has left a handoff. By the session first: one that begins with the tenant would offer itself, where
-- statistics are old, to statements that look for one handoff by its id.
create index idx_session_handoffs_session on session_handoffs (session_id, tenant_id, created_at desc);

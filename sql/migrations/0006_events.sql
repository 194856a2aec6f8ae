-- What happened, word for word; a chunk is a passage of an event's text, an artifact the bytes an event produced.

create table events (
    tenant_id    text collate "C" not null,
    event_id     text collate "C" not null,
    session_id   text collate "C" not null,
    channel      text             not null,
    actor_type   text             not null,
    actor_id     text             not null,
    kind         text             not null,
    content      json             not null, -- json keeps the text as it was sent, jsonb would not
    sensitivity  text             not null default 'none',
    tags         text[]           not null default '{}',
    refs         text[]           not null default '{}',
    scope        text,
    subject_type text,
    subject_id   text,
    project_id   text,
    at           timestamptz      not null, -- when it happened
    created_at   timestamptz      not null, -- when it was stored
    constraint events_pkey primary key (tenant_id, event_id),
    constraint event_channel check (channel in ('private', 'public', 'team', 'agent')),
    constraint event_actor_type check (actor_type in ('human', 'agent', 'tool')),
    constraint event_kind check (kind in ('message', 'tool_call', 'tool_result', 'decision', 'task_update', 'artifact'))
);
select tenant_table('events');

create index idx_events_session on events (tenant_id, session_id, at desc, event_id desc);
create index idx_events_tenant_at on events (tenant_id, at desc, event_id desc);

create table chunks (
    tenant_id   text collate "C" not null,
    chunk_id    text collate "C" not null,
    event_id    text collate "C" not null,
    seq         integer          not null,
    text        text             not null,
    token_count integer          not null,
    constraint chunks_pkey primary key (tenant_id, chunk_id),
    constraint chunk_event_fkey foreign key (tenant_id, event_id) references events (tenant_id, event_id) on delete cascade
);
select tenant_table('chunks');
create index idx_chunks_event on chunks (tenant_id, event_id, seq);

create table artifacts (
    tenant_id   text collate "C" not null,
    artifact_id text collate "C" not null,
    event_id    text collate "C" not null,
    name        text,
    media_type  text             not null,
    body        bytea            not null,
    constraint artifacts_pkey primary key (tenant_id, artifact_id),
    constraint artifact_event_fkey foreign key (tenant_id, event_id) references events (tenant_id, event_id) on delete cascade
);
select tenant_table('artifacts');
create index idx_artifacts_event on artifacts (tenant_id, event_id);

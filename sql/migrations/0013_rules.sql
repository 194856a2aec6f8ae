-- Standing instructions, and what agents hand each other.

create table rules (
    tenant_id   text collate "C" not null,
    rule_id     text collate "C" not null,
    content     text             not null,
    channel     text             not null default 'all',
    priority    integer          not null default 0,
    said        bytea,                      -- SHA-256 of what it says and where, unless that is sealed
    times       integer          not null default 1,
    sensitivity text             not null default 'none',
    sealed      bytea,
    created_at  timestamptz      not null,
    constraint rules_pkey primary key (tenant_id, rule_id),
    constraint rule_channel check (channel in ('all', 'private', 'public', 'team', 'agent')),
    constraint rule_sensitivity check (sensitivity in ('none', 'low', 'medium', 'high', 'secret'))
);
select tenant_table('rules');
create unique index idx_rules_said on rules (tenant_id, said) where said is not null;
-- wake_up and context_build: the most important first, then the oldest, so that a new one comes last
create index idx_rules_order on rules (tenant_id, priority desc, created_at, rule_id);
create index idx_rules_tenant_created on rules (tenant_id, created_at desc, rule_id desc);

create table capsules (
    tenant_id          text collate "C" not null,
    capsule_id         text collate "C" not null,
    author_agent_id    text             not null,
    subject_type       text             not null,
    subject_id         text             not null,
    scope              text             not null,
    audience_agent_ids text[]           not null,
    chunks             text[]           not null default '{}',
    decisions          text[]           not null default '{}',
    artifacts          text[]           not null default '{}',
    risks              text[]           not null default '{}',
    sensitivity        text             not null default 'none',
    sealed             bytea,
    withheld           text,
    created_at         timestamptz      not null,
    expires_at         timestamptz      not null,
    revoked_at         timestamptz,
    constraint capsules_pkey primary key (tenant_id, capsule_id),
    constraint capsule_sensitivity check (sensitivity in ('none', 'low', 'medium', 'high', 'secret')),
    constraint capsule_withheld check (withheld in ('retracted', 'quarantined', 'blocked'))
);
select tenant_table('capsules');
create index idx_capsules_tenant_created on capsules (tenant_id, created_at desc, capsule_id desc);

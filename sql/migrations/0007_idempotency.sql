-- Writes that must not happen twice: the client's key, what it was used for, and which ids came of it. Kept for 24 hours.

create table idempotency_keys (
    tenant_id   text collate "C" not null,
    key         text collate "C" not null,
    operation   text             not null,
    fingerprint bytea            not null,
    ids         text[]           not null default '{}',
    created_at  timestamptz      not null default now(),
    constraint idempotency_keys_pkey primary key (tenant_id, key)
);
select tenant_table('idempotency_keys');
create index idx_idempotency_keys_age on idempotency_keys (tenant_id, created_at);

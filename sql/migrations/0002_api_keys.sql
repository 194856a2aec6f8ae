-- Keys, as SHA-256 of what the client holds. The tenant '*' (no tenant can be called so) marks the installation's own keys.

create table api_keys (
    tenant_id  text collate "C" not null,
    key_id     text collate "C" not null,
    hash       bytea            not null,
    name       text,
    access     text             not null,
    created_at timestamptz      not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    constraint api_keys_pkey primary key (tenant_id, key_id),
    constraint api_keys_hash_key unique (hash),
    constraint api_key_access check (access in ('read', 'write', 'admin')),
    constraint api_key_name_range check (length(name) between 1 and 255)
);
select tenant_table('api_keys');

-- The one look-up that cannot know its tenant beforehand.
create function api_key_find(wanted bytea) returns table (tenant_id text, key_id text, access text, expires_at timestamptz)
language sql stable security definer set search_path from current as $$
    select k.tenant_id, k.key_id, k.access, k.expires_at from api_keys k where k.hash = wanted and k.revoked_at is null
$$;

-- Installation: tenants in full, when keys were used, the audit log, and who may touch what.

alter table tenants
    add column isolation           text not null default 'shared',
    add column schema_version      integer,
    add column deleted_at          timestamptz,
    add column requests_per_second integer,
    add column concurrent_requests integer,
    add column events_per_day      bigint,
    add column max_rows            bigint,
    add column max_bytes           bigint,
    add column data_key            bytea, -- wrapped by the installation's key
    add column wrapped_by          text,  -- that key's id
    add constraint tenant_isolation_known check (isolation in ('shared', 'schema')),
    add constraint tenant_requests_per_second_range check (requests_per_second > 0),
    add constraint tenant_concurrent_requests_range check (concurrent_requests > 0),
    add constraint tenant_events_per_day_range check (events_per_day >= 0),
    add constraint tenant_max_rows_range check (max_rows >= 0),
    add constraint tenant_max_bytes_range check (max_bytes >= 0);
-- A hand that grants the application's role this table shows each tenant itself alone.
select tenant_table('tenants');

-- What a request has to know of its tenant.
create function tenant_find(name text) returns table (number integer, isolation text, deleted_at timestamptz,
    requests_per_second integer, concurrent_requests integer, events_per_day bigint, max_rows bigint, max_bytes bigint, data_key bytea,
    wrapped_by text)
language sql stable security definer set search_path from current as $$
    select t.number, t.isolation, t.deleted_at, t.requests_per_second, t.concurrent_requests, t.events_per_day, t.max_rows, t.max_bytes,
           t.data_key, t.wrapped_by
    from tenants t where t.tenant_id = name
$$;

-- Whether a tenant is in use; while the transaction lasts it is not erased. For long writes.
create function tenant_hold(name text) returns boolean language plpgsql security definer set search_path from current as $$
begin
    perform from tenants t where t.tenant_id = name and t.deleted_at is null for key share;
    return found;
end $$;

-- Gives a tenant its data key unless it has one, and says which it has: none when the key it is wrapped by was replaced meanwhile.
create function tenant_data_key(name text, fresh bytea, by_key text) returns table (data_key bytea, wrapped_by text)
language plpgsql security definer set search_path from current as $$
begin
    perform from installation i where i.encryption_key_id = by_key for share;
    if found then
        update tenants t set data_key = fresh, wrapped_by = by_key where t.tenant_id = name and t.data_key is null;
    end if;
    return query select t.data_key, t.wrapped_by from tenants t where t.tenant_id = name;
end $$;

-- What there is once for all tenants.
create table installation (
    only_one          boolean not null default true,
    encryption_key_id text,
    constraint installation_pkey primary key (only_one),
    constraint installation_only_one check (only_one)
);
insert into installation default values;

alter table api_keys add column last_used_at timestamptz;
drop function api_key_find(bytea);
-- Before any tenant is known a row is seen by who knows its hash, and by no other way: forced policies hold here too.
create policy key_lookup on api_keys for select using (encode(hash, 'hex') = current_setting('app.key_hash', true));
create function api_key_find(wanted bytea) returns table (tenant_id text, key_id text, access text, expires_at timestamptz, hash bytea)
language plpgsql security definer set search_path from current as $$
begin
    perform set_config('app.key_hash', encode(wanted, 'hex'), true);
    return query select k.tenant_id, k.key_id, k.access, k.expires_at, k.hash from api_keys k
                 where k.hash = wanted and k.revoked_at is null;
    perform set_config('app.key_hash', '', true);
end $$;
-- Notes when keys were last used; many at once, now and then.
create function api_key_used(tenants text[], ids text[], at timestamptz[]) returns void
language plpgsql security definer set search_path from current as $$
declare used record;
begin
    for used in select u.tenant, u.id, u.at from unnest(tenants, ids, at) as u (tenant, id, at) loop
        perform set_config('app.tenant', used.tenant, true);
        update api_keys k set last_used_at = greatest(k.last_used_at, used.at)
        where k.tenant_id = used.tenant and k.key_id = used.id;
    end loop;
end $$;

-- Who did what to keys, tenants, sealed texts and what was erased. Each row carries the hash of the one before it; the tenant '*' is
-- the installation's own chain.
create table audit_log (
    tenant_id  text collate "C" not null,
    audit_id   text collate "C" not null,
    seq        bigint           not null,
    at         timestamptz      not null,
    operation  text             not null,
    actor      text             not null, -- the key's id, or operator
    request_id text             not null,
    targets    text[]           not null default '{}',
    details    text             not null default '',
    previous   bytea            not null,
    hash       bytea            not null,
    constraint audit_log_pkey primary key (tenant_id, audit_id),
    constraint audit_log_seq_key unique (tenant_id, seq)
);
select tenant_table('audit_log');
create table audit_heads (
    tenant_id text collate "C" not null,
    seq       bigint           not null,
    hash      bytea            not null,
    constraint audit_heads_pkey primary key (tenant_id)
);
select tenant_table('audit_heads');

-- A text with its length before it, so that no two rows have one spelling (a netstring).
create function audit_part(part text) returns bytea language sql immutable as $$
    select convert_to(octet_length(convert_to(part, 'UTF8'))::text || ':', 'UTF8') || convert_to(part, 'UTF8')
$$;

-- Appends to the bound tenant's chain, or to the installation's. The only way to write the log.
create function audit_append(of_installation boolean, id text, at timestamptz, operation text, actor text, request_id text, targets text[],
    details text) returns table (seq bigint, hash bytea)
language plpgsql security definer set search_path from current as $$
#variable_conflict use_column
declare
    bound constant text := current_setting('app.tenant', true);
    chain constant text := case when of_installation then '*' else bound end;
    head record;
    next bytea;
begin
    perform set_config('app.tenant', chain, true);
    insert into audit_heads (tenant_id, seq, hash) values (chain, 0, '') on conflict do nothing;
    select h.seq, h.hash into head from audit_heads h where h.tenant_id = chain for update;
    next := sha256(head.hash || audit_part(chain) || audit_part(id) || audit_part((head.seq + 1)::text)
        || audit_part((extract(epoch from audit_append.at) * 1000000)::bigint::text) || audit_part(audit_append.operation)
        || audit_part(audit_append.actor) || audit_part(audit_append.request_id)
        || (select coalesce(string_agg(audit_part(t), ''::bytea order by place), '')
            from unnest(audit_append.targets) with ordinality as u (t, place))
        || audit_part(audit_append.details));
    insert into audit_log (tenant_id, audit_id, seq, at, operation, actor, request_id, targets, details, previous, hash)
    values (chain, id, head.seq + 1, audit_append.at, audit_append.operation, audit_append.actor, audit_append.request_id,
            audit_append.targets, audit_append.details, head.hash, next);
    update audit_heads h set seq = head.seq + 1, hash = next where h.tenant_id = chain;
    perform set_config('app.tenant', bound, true);
    return query select head.seq + 1, next;
end $$;

-- Lets the application's role use the tables: rows of tenant tables, never the structure, and nothing that crosses tenants. A role that
-- is owner and application at once has the policies forced on it, except where definer functions or owner jobs read across tenants.
-- What a hand granted beside that is taken back.
create or replace function schema_open(application name) returns void language plpgsql as $$
declare
    t record;
    here constant name := current_schema();
    rights text[];
begin
    for t in select c.oid::regclass as name, c.relname, c.relrowsecurity, c.relforcerowsecurity,
                    coalesce((select array_agg(a.privilege_type order by a.privilege_type)
                              from aclexplode(c.relacl) a where a.grantee = application::regrole), '{}') as granted
             from pg_class c where c.relnamespace = here::regnamespace and c.relkind in ('r', 'p') and c.relowner = current_user::regrole
    loop
        if application = current_user then
            -- Only what differs: altering a table waits for everyone who reads it.
            if t.relrowsecurity and not t.relforcerowsecurity and t.relname not in ('tenants', 'audit_heads') then
                execute format('alter table %s force row level security', t.name);
            end if;
            continue;
        end if;
        if t.relforcerowsecurity then
            execute format('alter table %s no force row level security', t.name);
        end if;
        rights := case when t.relname in ('tenants', 'audit_heads', 'installation') then '{}'
                       when t.relname in ('audit_log', 'schema_migrations') then '{SELECT}'
                       when t.relrowsecurity then '{DELETE,INSERT,SELECT,UPDATE}'
                       else '{}' end;
        if t.granted <> rights then
            execute format('revoke all on %s from %I', t.name, application);
            if rights <> '{}' then
                execute format('grant %s on %s to %I', array_to_string(rights, ', '), t.name, application);
            end if;
        end if;
    end loop;
    if application <> current_user and not has_schema_privilege(application, here, 'usage') then
        execute format('grant usage on schema %I to %I', here, application);
    end if;
    -- Ours alone: an extension's functions belong to whoever made it.
    for t in select p.oid::regprocedure as name from pg_proc p
             where p.pronamespace = here::regnamespace and p.proowner = current_user::regrole
    loop
        execute format('revoke execute on function %s from public', t.name);
        if application <> current_user then
            execute format('grant execute on function %s to %I', t.name, application);
        end if;
    end loop;
end $$;

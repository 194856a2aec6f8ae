-- How every tenant's rows stay its own: tenants, the policy each tenant table gets, and what the application's role may do.

create table tenants (
    tenant_id  text collate "C" not null,
    number     integer          not null generated always as identity,
    created_at timestamptz      not null default now(),
    constraint tenants_pkey primary key (tenant_id),
    constraint tenants_number_key unique (number),
    constraint tenants_name check (tenant_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$')
);
comment on table tenants is 'Whose memories there are. Read and written through tenant_ensure() and by the owner alone.';

-- Gives a table the one policy: a row is seen and written only by the tenant the transaction is bound to.
create function tenant_table(name regclass) returns void language plpgsql as $$
begin
    execute format('alter table %s enable row level security', name);
    execute format($policy$create policy tenant_isolation on %s
        using (tenant_id = current_setting('app.tenant', true))
        with check (tenant_id = current_setting('app.tenant', true))$policy$, name);
end $$;

-- A tenant comes into being at its first write.
create function tenant_ensure(name text) returns boolean language plpgsql security definer set search_path from current as $$
begin
    insert into tenants (tenant_id) values (name) on conflict do nothing;
    return found;
end $$;

-- Lets the application's role use the tables: rows of tenant tables, never the structure. A role that is owner and application
-- at once has the policies forced on it, except where definer functions or owner jobs read across tenants.
create function schema_open(application name) returns void language plpgsql as $$
declare
    t record;
    here constant name := current_schema();
begin
    for t in select c.oid::regclass as name, c.relname, c.relrowsecurity, c.relforcerowsecurity
             from pg_class c where c.relnamespace = here::regnamespace and c.relkind in ('r', 'p') and c.relowner = current_user::regrole
    loop
        if application = current_user then
            -- Only what differs: altering a table waits for everyone who reads it.
            if t.relrowsecurity and not t.relforcerowsecurity and t.relname not in ('api_keys') then
                execute format('alter table %s force row level security', t.name);
            end if;
        elsif t.relrowsecurity then
            if t.relforcerowsecurity then
                execute format('alter table %s no force row level security', t.name);
            end if;
            execute format('grant select, insert, update, delete on %s to %I', t.name, application);
        end if;
    end loop;
    if application <> current_user then
        execute format('grant usage on schema %I to %I', here, application);
        execute format('grant select on schema_migrations to %I', application);
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

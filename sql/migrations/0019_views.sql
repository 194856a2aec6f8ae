-- Installation: views through which the application reads as itself, under the policies of their tables.

-- Lets the application's role use the tables: rows of tenant tables, never the structure, and nothing that crosses tenants. A role that
-- is owner and application at once has the policies forced on it, except where definer functions or owner jobs read across tenants.
-- Recall's index is read and changed through two views alone, which find the bound tenant's rows by an index that no policy lets be used.
-- What a hand granted beside all that is taken back.
-- Views that read as whoever asks are its to read.
create or replace function schema_open(application name) returns void language plpgsql as $$
declare
    t record;
    here constant name := current_schema();
    rights text[];
begin
    for t in select c.oid::regclass as name, c.relname, c.relrowsecurity, c.relforcerowsecurity,
                    coalesce(c.reloptions, '{}') @> '{security_invoker=true}' as view_of_its_own,
                    coalesce((select array_agg(a.privilege_type order by a.privilege_type)
                              from aclexplode(c.relacl) a where a.grantee = application::regrole), '{}') as granted
             from pg_class c where c.relnamespace = here::regnamespace and c.relkind in ('r', 'p', 'v') and c.relowner = current_user::regrole
    loop
        if application = current_user then
            -- Only what differs: altering a table waits for everyone who reads it.
            if t.relrowsecurity and not t.relforcerowsecurity and t.relname not in ('tenants', 'audit_heads', 'items', 'job_runs') then
                execute format('alter table %s force row level security', t.name);
            end if;
            continue;
        end if;
        if t.relforcerowsecurity then
            execute format('alter table %s no force row level security', t.name);
        end if;
        rights := case when t.relname in ('tenants', 'audit_heads', 'installation') then '{}'
                       when t.relname in ('audit_log', 'schema_migrations') then '{SELECT}'
                       when t.relname = 'items' then '{INSERT}'
                       when t.relname = 'items_by_terms' then '{SELECT}'
                       when t.relname = 'items_of_tenant' then '{DELETE,SELECT,UPDATE}'
                       when t.view_of_its_own then '{SELECT}'
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

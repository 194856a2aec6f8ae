-- tables that are FORCEd (one role is owner and application) bow to the owner while a migration runs
do $$
declare t regclass;
begin
    for t in select oid from pg_class
             where relforcerowsecurity and relnamespace = current_schema()::regnamespace and relowner = current_user::regrole
    loop
        execute format('alter table %s no force row level security', t);
    end loop;
end $$;

-- doctor: what the application's role ($1) may do that it should not; as the owner
select r.rolsuper or exists (select from pg_roles s where s.rolsuper and pg_has_role(r.oid, s.oid, 'member')),
       r.rolbypassrls or exists (select from pg_roles b where b.rolbypassrls and pg_has_role(r.oid, b.oid, 'member')),
       r.rolname <> current_user and pg_has_role(r.oid, current_user::regrole, 'member'),
       r.rolcreaterole, r.rolcreatedb,
       has_schema_privilege(r.oid, 'public', 'create') and r.rolname <> current_user,
       has_database_privilege(r.oid, current_database(), 'temp') and r.rolname <> current_user,
       has_function_privilege(r.oid, 'pg_catalog.lo_create(oid)', 'execute'),
       r.rolname = current_user
from pg_roles r where r.rolname = $1

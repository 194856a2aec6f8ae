-- doctor: what the application's role ($1) may do that it should not; as the owner
select r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb,
       has_schema_privilege(r.oid, 'public', 'create') and r.rolname <> current_user,
       has_database_privilege(r.oid, current_database(), 'temp') and r.rolname <> current_user,
       has_function_privilege(r.oid, 'pg_catalog.lo_create(oid)', 'execute'),
       r.rolname = current_user
from pg_roles r where r.rolname = $1

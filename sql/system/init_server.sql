-- db init: the statements that make the roles and the database, those that are missing; as a superuser.
-- $1 database, $2 owner, $3 application, $4 backup role; $5 to $7 their passwords as SCRAM verifiers, null: leave them.
select format('%s role %I login nosuperuser %s nocreaterole %s%s',
              case when r.oid is null then 'create' else 'alter' end, wanted.name, wanted.createdb, wanted.bypassrls,
              case when wanted.password is null then '' else format(' password %L', wanted.password) end)
from (values (1, $2::text, 'createdb', 'nobypassrls', $5::text),
             (2, $3::text, 'nocreatedb', 'nobypassrls', $6::text),
             (3, $4::text, 'nocreatedb', 'bypassrls', $7::text)) as wanted (place, name, createdb, bypassrls, password)
left join pg_roles r on r.rolname = wanted.name
union all
select format('grant pg_read_all_data to %I', $4::text)
union all
select format('grant pg_signal_backend to %I', $2::text)
union all
select format('create database %I owner %I encoding ''UTF8'' template template0', $1::text, $2::text)
where not exists (select from pg_database where datname = $1::text)
union all
select format('alter database %I owner to %I', $1::text, $2::text)
where exists (select from pg_database d join pg_roles r on r.oid = d.datdba where d.datname = $1::text and r.rolname <> $2::text)
union all
select format('revoke all on database %I from public', $1::text)
union all
select format('grant connect on database %I to %I, %I', $1::text, $3::text, $4::text)

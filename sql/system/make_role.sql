-- $1 role, $2 password as a SCRAM verifier: the statement that makes a role that can log in and nothing more, or gives it its password again
select format('%s role %I login nosuperuser nocreatedb nocreaterole nobypassrls password %L',
              case when exists (select from pg_roles where rolname = $1::text) then 'alter' else 'create' end, $1::text, $2::text)

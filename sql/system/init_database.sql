-- db init: the statements that shut PUBLIC out of a database; as a superuser, in it. $1 owner, $2 application, $3 backup role.
-- Tables that come later are the migrations' to grant: each lets the application's role in to rows of tenant tables alone.
select 'revoke all on schema public from public'
union all
select format('grant usage, create on schema public to %I', $1::text)
union all
select format('grant usage on schema public to %I, %I', $2::text, $3::text)
union all
select format('revoke execute on function %s from public', p.oid::regprocedure)
from pg_proc p
where p.pronamespace = 'pg_catalog'::regnamespace and (p.proname like 'lo\_%' or p.proname in ('loread', 'lowrite'))
  and has_function_privilege('public', p.oid, 'execute')

-- backup restore: the statements that make a database ($1) of an owner ($2) as another one ($3) is, with the same rights to connect
select format('create database %I owner %I template template0 encoding ''UTF8'' lc_collate %L lc_ctype %L%s', $1::text, $2::text,
              d.datcollate, d.datctype,
              case when d.datlocprovider = 'i'
                   then format(' locale_provider icu icu_locale %L',
                               coalesce(to_jsonb(d)->>'daticulocale', to_jsonb(d)->>'datlocale'))
                   else '' end)
from pg_database d where d.datname = $3::text
union all
select format('revoke all on database %I from public', $1::text) from pg_database where datname = $3::text and datacl is not null
union all
select format('grant %s on database %I to %s', a.privilege_type, $1::text,
              case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end)
from pg_database d, aclexplode(d.datacl) a
where d.datname = $3::text and a.grantee <> d.datdba

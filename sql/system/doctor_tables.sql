-- doctor: tenant tables whose rows the database does not keep apart; as the owner. $1 whether one role is owner and application
select format('%I.%I', n.nspname, c.relname)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
where c.relkind = 'r' and c.relowner = current_user::regrole
  and (not c.relrowsecurity
       or not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'tenant_isolation'
                      and pg_get_expr(p.polqual, c.oid) = '(tenant_id = current_setting(''app.tenant''::text, true))'
                      and pg_get_expr(p.polwithcheck, c.oid) = '(tenant_id = current_setting(''app.tenant''::text, true))')
       or exists (select from pg_policy p where p.polrelid = c.oid and p.polpermissive
                  and p.polname not in ('tenant_isolation', 'key_lookup'))
       or ($1 and not c.relforcerowsecurity and c.relname not in ('tenants', 'audit_heads')))
order by 1

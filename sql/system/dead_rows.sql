-- maintenance, as the owner: our tables, their dead rows and the live ones
select format('%I.%I', schemaname, relname), n_dead_tup, n_live_tup from pg_stat_user_tables t
where exists (select from pg_class c where c.oid = t.relid and c.relowner = current_user::regrole)
order by 1

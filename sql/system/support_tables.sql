-- support-bundle: sizes of tables
select json_build_object('table', relid::regclass::text, 'rows', n_live_tup, 'dead', n_dead_tup, 'bytes', pg_total_relation_size(relid),
                         'vacuumed', greatest(last_vacuum, last_autovacuum), 'analyzed', greatest(last_analyze, last_autoanalyze))::text
from pg_stat_user_tables order by pg_total_relation_size(relid) desc

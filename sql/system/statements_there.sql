-- whether pg_stat_statements counts in this database
select 1 from pg_extension where extname = 'pg_stat_statements'

-- maintenance: the share of pages that were found in memory, and indexes that nobody reads
select coalesce(sum(blks_hit) / nullif(sum(blks_hit) + sum(blks_read), 0), 1)::double precision,
       (select count(*) from pg_stat_user_indexes where idx_scan = 0)
from pg_stat_database where datname = current_database()

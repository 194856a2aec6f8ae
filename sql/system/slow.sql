-- slow and maintenance: the statements of this database that took longest on average, of those that ran often; $1 how many
select left(regexp_replace(query, '\s+', ' ', 'g'), 160) as query, calls, mean_exec_time, total_exec_time, rows
from pg_stat_statements
where dbid = (select oid from pg_database where datname = current_database()) and calls >= 10
  and query <> '<insufficient privilege>' and query !~* '^\s*(create|alter)\s+(role|user)'
order by mean_exec_time desc
limit $1

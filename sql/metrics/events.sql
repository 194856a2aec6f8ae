-- metrics
select kind, count(*) from events where tenant_id = $1 group by kind order by kind

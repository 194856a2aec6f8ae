-- wake_up_stratified: the newest reflection, of those that ended at once the one on the longest time
select period, starts_at, ends_at, content::text as content from reflections where tenant_id = $1 order by ends_at desc, starts_at limit 1

-- maintenance, as the owner: runs of jobs ($1) that ended well or failed since $2, and those that should have begun before $3
select count(*) filter (where state = 'done' and ended_at >= $2), count(*) filter (where state = 'failed' and ended_at >= $2),
       count(*) filter (where state = 'waiting' and coalesce(start_after, scheduled_at) < $3)
from job_runs where job = any($1)

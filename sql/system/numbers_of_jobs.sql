-- metrics: when each job last ended well, and how many of its runs failed since $1
select job, max(ended_at) filter (where state = 'done'), count(*) filter (where state = 'failed' and ended_at > $1)
from job_runs
group by job
order by job

-- health: of consolidation: when a run last ended well, runs that failed within a day ($1), runs that wait since before $2, runs under way
select (select max(ended_at) from job_runs where job = 'consolidation' and state = 'done'),
       count(*) filter (where state = 'failed' and ended_at >= $1),
       count(*) filter (where state = 'waiting' and coalesce(start_after, scheduled_at) < $2),
       count(*) filter (where state = 'running')
from job_runs where job = 'consolidation' and (state in ('waiting', 'running') or ended_at >= $1)

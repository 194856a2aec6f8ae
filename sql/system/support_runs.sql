-- support-bundle: the last runs of jobs
select json_build_object('tenant', tenant_id, 'job', job, 'scheduled_at', scheduled_at, 'state', state, 'error', error,
                         'started_at', started_at, 'ended_at', ended_at, 'done', done)::text
from job_runs order by scheduled_at desc limit 200

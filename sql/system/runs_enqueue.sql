-- jobs, as the owner: runs of a job ($1) that are due at an instant ($2), one of each tenant ($3) with its id ($4) and when it may begin
-- ($5); nothing was due before there was this database
insert into job_runs (tenant_id, job, scheduled_at, run_id, start_after)
select t.tenant_id, $1, $2, t.run_id, t.start_after
from unnest($3::text[], $4::text[], $5::timestamptz[]) as t (tenant_id, run_id, start_after)
where $2 >= (select min(applied_at) from schema_migrations)
on conflict (tenant_id, job, scheduled_at) do nothing

-- health, as the owner: the last backup that ended well, as its run tells; the last trial that did; and why the newest run of either
-- failed, where it did
select (select result::text from job_runs where job = 'backup' and state = 'done' and result->>'tenant_id' is null
        order by ended_at desc limit 1) as result,
       (select result::text from job_runs where job = 'verify_backup' and state = 'done' and result ? 'verified'
        order by ended_at desc limit 1) as verified,
       (select error from (select error from job_runs where job = 'backup' and cursor = '' and (state <> 'running' or error is not null)
                           order by scheduled_at desc limit 1) newest) as error,
       (select error from (select error from job_runs where job = 'verify_backup' and (state <> 'running' or error is not null)
                           order by scheduled_at desc limit 1) newest) as verify_error

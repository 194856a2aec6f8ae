-- health: the last backup that ended well, as its run tells, the last error since then, and the last trial that ended well; as the owner
select (select result::text from job_runs where job = 'backup' and state = 'done' and result->>'tenant_id' is null
        order by ended_at desc limit 1) as result,
       (select error from job_runs where job = 'backup' and error is not null and state in ('failed', 'waiting')
        order by scheduled_at desc limit 1) as error,
       (select result::text from job_runs where job = 'verify_backup' and state = 'done' and result ? 'verified'
        order by ended_at desc limit 1) as verified,
       (select error from job_runs where job = 'verify_backup' and error is not null and state in ('failed', 'waiting')
        order by scheduled_at desc limit 1) as verify_error

-- backup restore: runs that were under way when the backup was made are nobody's: the one that made it is over, the others go on
with own as (delete from job_runs where state = 'running' and job = 'backup')
update job_runs set state = 'waiting' where state = 'running' and job <> 'backup'

-- does the database answer
select 1

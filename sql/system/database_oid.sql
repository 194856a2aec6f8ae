-- jobs: which database this is: after a restore it is another one of the same name
select oid::bigint from pg_database where datname = current_database()

-- recall: works into the index what waits; the tenant ($1) only says where the tables are
select recall_tidy() where $1 = current_setting('app.tenant', true)

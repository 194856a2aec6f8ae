-- doctor: whether the database writes down who changed what: log_statement, and pgaudit's classes where it is loaded
select current_setting('log_statement'), coalesce(current_setting('pgaudit.log', true), '')

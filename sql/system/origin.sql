-- every write: who writes ($2) and how it comes ($3), for the rows of this transaction
select set_config('app.by', coalesce($2, ''), true), set_config('app.how', $3, true)
where $1 = current_setting('app.tenant', true)

-- binds the transaction to a tenant ($1) and bounds its statements ($2)
select set_config('app.tenant', $1, true), set_config('statement_timeout', $2, true)

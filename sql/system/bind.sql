-- binds the transaction to a tenant ($1), bounds its statements ($2) and says how prepared ones are planned ($3). Every list has an index in its order: a planner without
-- statistics must not prefer to fetch all and sort (and what it thinks dear must not start the just-in-time compiler).
select set_config('app.tenant', $1, true), set_config('statement_timeout', $2, true), set_config('enable_sort', 'off', true),
       set_config('enable_bitmapscan', 'off', true), set_config('jit', 'off', true), set_config('plan_cache_mode', $3, true)

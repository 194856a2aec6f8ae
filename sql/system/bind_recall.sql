-- recall: binds the transaction to a tenant ($1), bounds its statements ($2) and says how prepared ones are planned ($3); see system/bind. The index of
-- terms is read through bitmaps, a table that was small when a connection was new must not be read whole for ever, and starting parallel
-- workers takes longer than any question.
select set_config('app.tenant', $1, true), set_config('statement_timeout', $2, true), set_config('enable_sort', 'off', true),
       set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'on', true), set_config('jit', 'off', true),
       set_config('max_parallel_workers_per_gather', '0', true),
       set_config('plan_cache_mode', $3, true)

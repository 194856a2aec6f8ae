-- session_end: $2 id. Of two that end it at once, the second finds what the first made
select pg_advisory_xact_lock(hashtextextended('end of ' || $1::text || ' ' || $2::text, 0)) where $1 = current_setting('app.tenant', true)

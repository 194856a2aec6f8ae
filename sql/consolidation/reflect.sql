-- reflection: $2 period, $3 its beginning, $4 its end, $5 of how many handoffs, $6 what it was
insert into reflections (tenant_id, period, starts_at, ends_at, handoffs, content) values ($1, $2, $3, $4, $5, $6::text::jsonb)
on conflict (tenant_id, period, starts_at) do update set ends_at = excluded.ends_at, handoffs = excluded.handoffs, content = excluded.content
where reflections.tenant_id = $1

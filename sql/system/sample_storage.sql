-- maintenance, as the owner: $1 the day, $2 how large the database is
insert into storage_samples (day, database_bytes) values ($1::text::date, $2)
on conflict (day) do update set database_bytes = excluded.database_bytes

-- $1 version, $2 name, $3 checksum
insert into schema_migrations (version, name, checksum) values ($1, $2, $3)

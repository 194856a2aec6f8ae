-- lets the application's role ($1) in: rows, not structure. Where it is the owner itself, the policies are forced on it,
-- except on what is read through definer functions or by owner jobs.
select schema_open($1)

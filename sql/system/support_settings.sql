-- support-bundle: settings of the server that are not its defaults; those that only superusers see are left out
select json_build_object('name', name, 'setting', setting, 'unit', unit, 'source', source)::text
from pg_settings where source not in ('default', 'override') and name !~ '(passphrase|password|conninfo|command)' order by name

-- backup: every tenant, those in the trash too, with what an administrator set for it; as the owner
select tenant_id, number, isolation, data_key, wrapped_by,
       (to_jsonb(t) - array['tenant_id', 'number', 'isolation', 'data_key', 'wrapped_by'])::text as settings
from tenants t order by tenant_id

-- backup: every tenant, those in the trash too; as the owner
select tenant_id, number, isolation, data_key, wrapped_by from tenants order by tenant_id

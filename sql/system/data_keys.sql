-- every tenant's wrapped data key, held until the transaction ends; as the owner
select tenant_id, data_key, wrapped_by from tenants where data_key is not null order by tenant_id for update

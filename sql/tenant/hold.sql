-- the tenant $1 of number $2 that is in the trash since $3, held until the transaction ends; as the owner
select 1 from tenants where tenant_id = $1 and number = $2 and deleted_at = $3 for update

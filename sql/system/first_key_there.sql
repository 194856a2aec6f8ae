-- is there a key of the installation; as the owner
select 1 from api_keys where tenant_id = '*' and revoked_at is null limit 1

-- key_list
select key_id, name, access, created_at, expires_at, revoked_at, last_used_at from api_keys
where tenant_id = $1
order by created_at desc, key_id desc

-- key_revoke: $2 id, $3 when
update api_keys set revoked_at = $3 where tenant_id = $1 and key_id = $2 and revoked_at is null returning key_id

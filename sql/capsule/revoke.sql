-- capsule_revoke: $2 id, $3 when
update capsules set revoked_at = coalesce(revoked_at, $3) where tenant_id = $1 and capsule_id = $2 returning revoked_at

-- doctor: the bound tenant's ($1) working keys that were made before $2, and all of them; as the owner
select count(*) filter (where created_at < $2), count(*)
from api_keys where tenant_id = $1 and revoked_at is null and (expires_at is null or expires_at > now())

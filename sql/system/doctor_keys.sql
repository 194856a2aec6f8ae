-- doctor: working keys made before $1, as the owner; and how many of the installation's work
select count(*) filter (where created_at < $1), count(*) filter (where tenant_id = '*')
from api_keys where revoked_at is null and (expires_at is null or expires_at > now())

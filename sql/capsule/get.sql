-- capsule_get: $2 id, $3 the agent that asks or null for whoever wrote it just now, $4 now
select * from capsules
where tenant_id = $1 and capsule_id = $2
  and ($3::text is null or ($3 = author_agent_id or $3 = any(audience_agent_ids)) and revoked_at is null and withheld is null and expires_at > $4)

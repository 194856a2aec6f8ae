-- context_build: $2 the agent, $3 now, $4 subject_type, $5 subject_id, $6 limit
select * from capsules
where tenant_id = $1
  and ($2 = author_agent_id or $2 = any(audience_agent_ids)) and revoked_at is null and withheld is null and expires_at > $3
  and ($4::text is null or subject_type = $4) and ($5::text is null or subject_id = $5)
order by created_at desc, capsule_id desc
limit $6

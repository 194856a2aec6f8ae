-- import: a capsule that is not there yet: $2 id, $3 author, $4 subject_type, $5 subject_id, $6 scope, $7 audience, $8 chunks, $9 decisions,
-- $10 artifacts, $11 risks, $12 sensitivity, $13 sealed, $14 at, $15 until when, $16 since when revoked
insert into capsules (tenant_id, capsule_id, author_agent_id, subject_type, subject_id, scope, audience_agent_ids, chunks, decisions, artifacts,
                      risks, sensitivity, sealed, created_at, expires_at, revoked_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
on conflict do nothing
returning capsule_id

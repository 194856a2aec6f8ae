-- rule_create: $2 id, $3 content, $4 channel, $5 priority, $6 SHA-256 of what it says and where, $7 sensitivity, $8 sealed, $9 at. What says the
-- same is counted, and answers in its place
insert into rules as r (tenant_id, rule_id, content, channel, priority, said, sensitivity, sealed, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (tenant_id, said) where said is not null do update set times = r.times + 1
returning rule_id

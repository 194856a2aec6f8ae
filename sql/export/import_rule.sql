-- import: a rule that is not there yet: $2 id, $3 content, $4 channel, $5 priority, $6 times, $7 sensitivity, $8 sealed, $9 at, $10 SHA-256 of what it says and where
insert into rules (tenant_id, rule_id, content, channel, priority, times, sensitivity, sealed, created_at, said)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict do nothing
returning rule_id

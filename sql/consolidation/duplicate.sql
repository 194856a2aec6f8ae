-- deduplication: the edit that keeps a memory back: $2 its id, $3 and $4 its target, $5 why, $6 who says so, $7 when
insert into edits (tenant_id, edit_id, target_type, target_id, op, reason, before, status, proposed_by, created_at, decided_at)
values ($1, $2, $3, $4, 'block', $5, '{"texts":{},"withheld":null,"weight":null,"share":null}', 'approved', $6, $7, $7)

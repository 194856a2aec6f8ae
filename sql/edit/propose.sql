-- edit_propose: $2 id, $3 target_type, $4 target_id, $5 op, $6 reason, $7 patch, $8 proposed_by, $9 sensitivity, $10 sealed, $11 at
insert into edits (tenant_id, edit_id, target_type, target_id, op, reason, patch, proposed_by, sensitivity, sealed, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)

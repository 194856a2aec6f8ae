-- edit_approve, edit_reject: a capsule ($2) is kept back; $3 why, or null when it may be shown again
update capsules t set withheld = $3::text
where t.tenant_id = $1 and t.capsule_id = $2
returning capsule_id

-- edit_approve, edit_reject: a finding ($2) is kept back; $3 why, or null when it may be shown again
update findings t set withheld = $3::text
where t.tenant_id = $1 and t.finding_id = $2
returning finding_id

-- edit_approve, edit_reject: a chunk ($2) is kept back; $3 why, or null when it may be shown again
update chunks t set withheld = $3::text
where t.tenant_id = $1 and t.chunk_id = $2
returning chunk_id

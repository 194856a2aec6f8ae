-- a tenant's log in its order; in pages from the place after $2, $3 rows
select audit_id, seq, at, operation, actor, request_id, targets, details, previous, hash from audit_log
where tenant_id = $1 and seq > $2
order by seq
limit $3

-- appends to the log of the tenant that the transaction is bound to, or ($1) to the installation's: $2 id, $3 at, $4 operation, $5 actor,
-- $6 request, $7 targets, $8 details
select seq, hash from audit_append($1, $2, $3, $4, $5, $6, $7, $8)

-- whether a tenant ($1) is in use; while the transaction lasts it is not erased
select tenant_hold($1)

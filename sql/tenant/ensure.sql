-- a tenant comes into being
select tenant_ensure($1)

-- gives a tenant ($1) this data key ($2, wrapped by $3) unless it has one, and says which it has
select data_key, wrapped_by from tenant_data_key($1, $2, $3)

-- when keys ($2, each of a tenant of $1) were last used ($3)
select api_key_used($1, $2, $3)

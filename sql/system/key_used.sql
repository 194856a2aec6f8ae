-- when keys ($1) were last used ($2)
select api_key_used($1, $2)

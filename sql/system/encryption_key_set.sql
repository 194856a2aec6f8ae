-- $1 the id of the key that texts are sealed under from now on; as the owner
update installation set encryption_key_id = $1

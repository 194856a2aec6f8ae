-- the id of the key that texts are sealed under, held until the transaction ends; as the owner
select encryption_key_id from installation for update

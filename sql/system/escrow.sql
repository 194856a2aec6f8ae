-- the id of the key that texts are sealed under, and how many tenants have sealed texts; as the owner
select encryption_key_id, (select count(*) from tenants where data_key is not null) from installation

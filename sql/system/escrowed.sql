-- doctor: whether it was told what to keep elsewhere of the key in use ($1); as the owner, bound to the installation
select 1 from audit_log where operation = 'keys_escrow' and $1 = any(targets) limit 1

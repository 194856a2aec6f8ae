-- where each chain of the audit log ends; as the owner
select tenant_id, seq, hash from audit_heads order by tenant_id

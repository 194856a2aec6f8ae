-- forgetting: $2 now, $3 half-life in days, $4 how much significance slows it, $5 threshold, $6 limit; what must be remembered stays
update session_handoffs set deleted_at = $2
where tenant_id = $1 and handoff_id in (
    select h.handoff_id from session_handoffs h
    left join item_uses u on u.tenant_id = $1 and u.item_id = h.handoff_id
    where h.tenant_id = $1 and h.in_force and h.remember is null
      and power(0.5, greatest(extract(epoch from $2::timestamptz - greatest(h.created_at, u.used_at)) / 86400, 0)::double precision
                     / ($3::double precision * (1 + $4::double precision * h.significance))) < $5::double precision
    order by h.created_at
    limit $6)
returning handoff_id

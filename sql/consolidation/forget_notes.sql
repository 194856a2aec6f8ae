-- forgetting: $2 now, $3 half-life in days, $4 how much confidence slows it, $5 threshold, $6 limit; what is pinned stays
update knowledge_notes set deleted_at = $2
where tenant_id = $1 and note_id in (
    select n.note_id from knowledge_notes n
    left join item_uses u on u.tenant_id = $1 and u.item_id = n.note_id
    where n.tenant_id = $1 and n.in_force and not n.pinned
      and power(0.5, greatest(extract(epoch from $2::timestamptz - greatest(n.updated_at, u.used_at)) / 86400, 0)::double precision
                     / ($3::double precision * (1 + $4::double precision * n.confidence))) < $5::double precision
    order by n.created_at
    limit $6)
returning note_id

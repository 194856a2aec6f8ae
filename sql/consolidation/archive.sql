-- decision_archival: $2 now, $3 whoever was not used since, $4 limit
update decisions set archived_at = $2
where tenant_id = $1 and decision_id in (
    select d.decision_id from decisions d
    left join item_uses u on u.tenant_id = $1 and u.item_id = d.decision_id
    where d.tenant_id = $1 and d.archived_at is null and not d.pinned
      and (d.superseded_by is not null or d.withheld is null and greatest(d.created_at, u.used_at) < $3)
    order by d.decision_id
    limit $4)
returning decision_id

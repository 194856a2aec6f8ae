-- decision_archival: what was used, or pinned, since it was archived is active again, and so is what is no longer replaced
update decisions d set archived_at = null
where tenant_id = $1 and archived_at is not null and superseded_by is null
  and (pinned or exists (select from item_uses u where u.tenant_id = $1 and u.item_id = d.decision_id and u.used_at > d.archived_at))
returning decision_id

-- context_build: $2 project, $3 ids that come first, $4 limit
select * from decisions
where tenant_id = $1 and superseded_by is null and withheld is null and (archived_at is null or decision_id = any($3::text[]))
  and (scope <> 'project' or project_path is null or $2::text is null or project_path = $2)
order by pinned desc, (decision_id = any($3::text[])) desc, created_at desc, decision_id desc
limit $4

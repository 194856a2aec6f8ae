-- capsule_create: which of the chunks ($2), decisions ($3) and artifacts ($4) are not there
select 'chunks' as member, w.id from unnest($2::text[]) as w (id)
where not exists (select from chunks c where c.tenant_id = $1 and c.chunk_id = w.id)
union all
select 'decisions', w.id from unnest($3::text[]) as w (id)
where not exists (select from decisions d where d.tenant_id = $1 and d.decision_id = w.id)
union all
select 'artifacts', w.id from unnest($4::text[]) as w (id)
where not exists (select from artifacts a where a.tenant_id = $1 and a.artifact_id = w.id)

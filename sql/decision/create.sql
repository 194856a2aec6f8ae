-- decision_create: $2 id, $3 decision, $4 rationale, $5 constraints, $6 alternatives, $7 consequences, $8 refs, $9 scope,
-- $10 project_path, $11 pinned, $12 supersedes, $13 at, $14 sensitivity, $15 sealed, $16 SHA-256 of what it says. What says the same is
-- counted, and answers in its place
insert into decisions as d (tenant_id, decision_id, decision, rationale, constraints, alternatives, consequences, refs, scope,
                            project_path, pinned, supersedes, created_at, sensitivity, sealed, said)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
on conflict (tenant_id, said) where said is not null and withheld is null and superseded_by is null
do update set times = d.times + 1, pinned = d.pinned or excluded.pinned,
              refs = array(select distinct ref from unnest(d.refs || excluded.refs) as ref order by ref limit 256)
returning decision_id

-- import: decisions that are not there yet
insert into decisions (tenant_id, decision_id, decision, rationale, constraints, alternatives, consequences, refs, scope,
                       project_path, pinned, supersedes, superseded_by, created_at, sensitivity, sealed, times)
select t.tenant_id, t.decision_id, t.decision, t.rationale::text[], t.constraints::text[], t.alternatives::text[],
       t.consequences::text[], t.refs::text[], t.scope, t.project_path, t.pinned::boolean, t.supersedes, t.superseded_by,
       t.created_at, t.sensitivity, t.sealed, t.times
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::text[], $11::text[], $12::text[], $13::text[], $14::timestamptz[], $15::text[], $16::bytea[], $17::integer[])
     as t (tenant_id, decision_id, decision, rationale, constraints, alternatives, consequences, refs, scope, project_path,
           pinned, supersedes, superseded_by, created_at, sensitivity, sealed, times)
on conflict do nothing
returning decision_id

-- identity_consolidation: new groups: $2 ids, $3 statements, $4 whose words they are, $5 when
insert into principles (tenant_id, principle_id, statement, handoff_id, times, first_at, last_at)
select $1, t.principle_id, t.statement, t.handoff_id, 0, t.at, t.at
from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) as t (principle_id, statement, handoff_id, at)
where $1 = current_setting('app.tenant', true)

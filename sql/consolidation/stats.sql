-- consolidation_stats: $2 job, $3 how many statements make a principle, $4 now, $5 half-life in days, $6 how much significance slows it
select r.*, h.*, p.*, s.*,
       (select count(*) from reflections where tenant_id = $1) as reflections,
       (select count(*) from decisions where tenant_id = $1 and archived_at is not null) as archived,
       (select count(*) from edits where tenant_id = $1 and proposed_by = 'consolidation' and status = 'approved') as duplicates
from (select count(*) filter (where state = 'done') as runs,
             (coalesce(sum((select sum((step.value ->> 'tokens_saved')::bigint) from jsonb_each(result) as step)), 0))::bigint as tokens_saved
      from job_runs where tenant_id = $1 and job = $2) r,
     (select count(*) filter (where compression_level = 'full') as full_count, count(*) filter (where compression_level = 'summary') as summary,
             count(*) filter (where compression_level = 'quick_ref') as quick_ref, count(*) filter (where compression_level = 'integrated') as integrated
      from session_handoffs where tenant_id = $1 and in_force) h,
     (select count(*) as principles, count(*) filter (where trend = 'growing') as growing, count(*) filter (where trend = 'fading') as fading
      from principles where tenant_id = $1 and times >= $3) p,
     (select coalesce(avg(strength), 1)::double precision as mean_strength, count(*) filter (where strength < 0.1) as weak
      from (select power(0.5, greatest(extract(epoch from $4::timestamptz - greatest(m.at, u.used_at)) / 86400, 0)::double precision
                              / ($5::double precision * (1 + $6::double precision * m.significance))) as strength
            from (select handoff_id as id, created_at as at, significance from session_handoffs where tenant_id = $1 and in_force
                  union all
                  select note_id, updated_at, confidence from knowledge_notes where tenant_id = $1 and in_force) m
            left join item_uses u on u.tenant_id = $1 and u.item_id = m.id) m) s

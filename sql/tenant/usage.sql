-- what a tenant has, in rows and bytes as stored, and how many events it recorded since $2, an event's id (ids sort by time)
select h.rows + n.rows + d.rows + e.rows + r.rows + t.rows + k.rows + f.rows + b.rows + l.rows,
       (h.bytes + n.bytes + d.bytes + e.bytes + c.bytes + a.bytes + r.bytes + t.bytes + k.bytes + f.bytes + b.bytes)::bigint,
       e.today
from (select count(*) as rows, coalesce(sum(pg_column_size(experienced)), 0) + coalesce(sum(pg_column_size(noticed)), 0)
             + coalesce(sum(pg_column_size(learned)), 0) + coalesce(sum(pg_column_size(story)), 0) + coalesce(sum(pg_column_size(becoming)), 0)
             + coalesce(sum(pg_column_size(remember)), 0) + coalesce(sum(pg_column_size(sealed)), 0) as bytes
      from session_handoffs where tenant_id = $1) h,
     (select count(*) as rows, coalesce(sum(pg_column_size(title)), 0) + coalesce(sum(pg_column_size(content)), 0)
             + coalesce(sum(pg_column_size(sealed)), 0) as bytes
      from knowledge_notes where tenant_id = $1) n,
     (select count(*) as rows, coalesce(sum(pg_column_size(decision)), 0) + coalesce(sum(pg_column_size(rationale)), 0)
             + coalesce(sum(pg_column_size(sealed)), 0) as bytes
      from decisions where tenant_id = $1) d,
     (select count(*) as rows, coalesce(sum(pg_column_size(content)), 0) + coalesce(sum(pg_column_size(sealed)), 0) as bytes,
             count(*) filter (where event_id >= $2) as today
      from events where tenant_id = $1) e,
     (select coalesce(sum(pg_column_size(text)), 0) + coalesce(sum(pg_column_size(sealed)), 0) as bytes from chunks where tenant_id = $1) c,
     (select coalesce(sum(pg_column_size(body)), 0) as bytes from artifacts where tenant_id = $1) a,
     (select count(*) as rows, coalesce(sum(pg_column_size(content)), 0) + coalesce(sum(pg_column_size(sealed)), 0) as bytes
      from rules where tenant_id = $1) r,
     (select count(*) as rows, coalesce(sum(pg_column_size(reason)), 0) + coalesce(sum(pg_column_size(patch)), 0)
             + coalesce(sum(pg_column_size(before)), 0) + coalesce(sum(pg_column_size(sealed)), 0) as bytes
      from edits where tenant_id = $1) t,
     (select count(*) as rows, coalesce(sum(pg_column_size(title)), 0) + coalesce(sum(pg_column_size(description)), 0)
             + coalesce(sum(pg_column_size(sealed)), 0) as bytes
      from tasks where tenant_id = $1) k,
     (select count(*) as rows, coalesce(sum(pg_column_size(content)), 0) + coalesce(sum(pg_column_size(sealed)), 0) as bytes
      from findings where tenant_id = $1) f,
     (select count(*) as rows, coalesce(sum(pg_column_size(description)), 0) + coalesce(sum(pg_column_size(sealed)), 0) as bytes
      from feedback where tenant_id = $1) b,
     (select count(*) as rows from edges where tenant_id = $1) l

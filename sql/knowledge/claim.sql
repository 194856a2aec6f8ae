-- import, indexing: notes that claim their words, unless another note does; see Note::said
update knowledge_notes n
set said = t.hash
from (select u.note_id, u.hash, row_number() over (partition by u.hash order by u.created_at, u.note_id) as place
      from (select note_id, created_at, sha256(convert_to(title, 'UTF8') || '\x00'::bytea || convert_to(content, 'UTF8') || '\x00'::bytea
                                               || convert_to(coalesce(with_whom, ''), 'UTF8')) as hash
            from knowledge_notes where tenant_id = $1 and said is null and sealed is null and in_force) u) t
where n.tenant_id = $1 and n.note_id = t.note_id and t.place = 1
  and not exists (select from knowledge_notes o where o.tenant_id = $1 and o.said = t.hash and o.deleted_at is null and o.withheld is null and o.superseded_by is null)

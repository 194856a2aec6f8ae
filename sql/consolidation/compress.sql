-- handoff_compression: what stands for handoffs ($2) from now on: $3 levels, $4 texts
update session_handoffs h set compression_level = t.level, compressed = t.text
from unnest($2::text[], $3::text[], $4::text[]) as t (handoff_id, level, text)
where h.tenant_id = $1 and h.handoff_id = t.handoff_id

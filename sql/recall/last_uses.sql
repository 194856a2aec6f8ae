-- recall: when memories ($2) were last shown, and how much they matter
select i.item_id, coalesce(u.used_at, h.created_at, n.updated_at, d.created_at) as used_at,
       coalesce(h.significance, n.confidence, case when d.pinned then 1.0 else 0.5 end)::double precision as significance
from unnest($2::text[]) as i (item_id)
left join item_uses u on u.tenant_id = $1 and u.item_id = i.item_id
left join session_handoffs h on h.tenant_id = $1 and h.handoff_id = i.item_id
left join knowledge_notes n on n.tenant_id = $1 and n.note_id = i.item_id
left join decisions d on d.tenant_id = $1 and d.decision_id = i.item_id
where coalesce(u.used_at, h.created_at, n.updated_at, d.created_at) is not null

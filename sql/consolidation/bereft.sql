-- deduplication: takes edits of $2's back whose memory was kept back for one that was deleted since (not
-- for one that was replaced or taken back: that holds for the same words too); $3 now. Gives what they kept back.
update edits e set status = 'rejected', decided_at = $3
where e.tenant_id = $1 and e.proposed_by = $2 and e.status = 'approved' and e.op = 'block'
  and not exists (select from session_handoffs h where h.tenant_id = $1 and h.handoff_id = split_part(e.reason, ' ', 5) and h.deleted_at is null)
  and not exists (select from knowledge_notes n where n.tenant_id = $1 and n.note_id = split_part(e.reason, ' ', 5) and n.deleted_at is null)
returning e.target_id

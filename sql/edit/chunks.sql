-- edit_approve, edit_reject: the chunks of an event ($2)
select chunk_id, text, sealed, withheld from chunks where tenant_id = $1 and event_id = $2 order by seq

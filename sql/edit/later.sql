-- edit_reject: an edit of the same memory ($2) that was approved after this one ($3, $4 when)
select edit_id from edits
where tenant_id = $1 and target_id = $2 and edit_id <> $3 and status = 'approved' and decided_at > $4
order by decided_at desc limit 1

-- recall: adds to what there is: $2 texts, $3 passages, $4 words
insert into item_counts as c (tenant_id, items, passages, words) values ($1, $2, $3, $4)
on conflict (tenant_id) do update set items = c.items + excluded.items, passages = c.passages + excluded.passages, words = c.words + excluded.words
where c.tenant_id = $1

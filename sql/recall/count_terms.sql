-- recall: adds to how many texts have a term: $2 terms in their order, $3 how many more
insert into term_counts as c (tenant_id, term, texts)
select $1, t.term, t.texts from unnest($2::bigint[], $3::bigint[]) as t (term, texts) where $1 = current_setting('app.tenant', true)
on conflict (tenant_id, term) do update set texts = c.texts + excluded.texts where c.tenant_id = $1

-- recall: how many texts have each of the terms ($2), and, under no term, what there is in all
select null::bigint as term, items, passages, words from item_counts where tenant_id = $1
union all
select term, texts, 0, 0 from term_counts where tenant_id = $1 and term = any($2)

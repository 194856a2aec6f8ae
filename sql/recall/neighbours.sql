-- recall: what was said around items: $2 their sessions, $3 their instants, $4 their ids, $5 as_of, $6 levels
select * from recall_neighbours($2, $3, $4, $5, $6) where tenant_id = $1

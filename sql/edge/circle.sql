-- edge_create: whether $3 is reached from $2 by links of a type ($4); child_of is parent_of from the other end
with recursive reached (id) as (
    select $2::text collate "C"
    union
    select e.id
    from reached r
    cross join lateral (select to_id as id from edges where tenant_id = $1 and from_id = r.id and edge_type = $4
                        union all
                        select from_id from edges where tenant_id = $1 and to_id = r.id and edge_type = 'child_of' and $4 = 'parent_of') e
)
select 1 from reached where id = $3

-- edge_traverse: $2 where it begins, $3 whether along the links, $4 whether against them, $5 types or null, $6 how far, $7 how many at most; of
-- each place a thousand links are followed
with recursive walked (id, distance) as (
    select $2::text collate "C", 0
    union
    select e.id, w.distance + 1
    from walked w
    cross join lateral ((select to_id as id from edges
                         where $3 and tenant_id = $1 and from_id = w.id and ($5::text[] is null or edge_type = any($5))
                         order by created_at, edge_id limit 1000)
                        union all
                        (select from_id from edges
                         where $4 and tenant_id = $1 and to_id = w.id and ($5::text[] is null or edge_type = any($5))
                         order by created_at, edge_id limit 1000)) e
    where w.distance < $6
)
select id, min(distance) as distance from walked group by id order by 2, 1 limit $7

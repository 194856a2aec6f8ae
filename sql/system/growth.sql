-- maintenance, as the owner: over how many of the last 30 days the database grew by how much
select max(day) - min(day), (array_agg(database_bytes order by day desc))[1] - (array_agg(database_bytes order by day))[1]
from (select * from storage_samples order by day desc limit 30) s
having count(*) > 0

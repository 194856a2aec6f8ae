-- wake_up_stratified: how much there is and what the newest handoffs are about; sizes from a sample of the newest 200
with newest as (
    select with_whom, tags, coalesce(length(experienced), 0) + coalesce(length(noticed), 0) + coalesce(length(learned), 0)
                          + coalesce(length(story), 0) + coalesce(length(becoming), 0) + coalesce(length(remember), 0) as chars
    from session_handoffs
    where tenant_id = $1 and in_force and sensitivity <> 'secret'
    order by created_at desc, handoff_id desc
    limit 200
), counted as (
    select count(*) as total, min(created_at) as first_session, max(created_at) as last_session
    from session_handoffs
    where tenant_id = $1 and in_force
)
select total, first_session, last_session,
       (coalesce((select avg(chars) from newest), 0) * total)::bigint as chars,
       array(select tag from newest, unnest(tags) as tag group by tag order by count(*) desc, tag limit 10) as topics,
       array(select with_whom from newest group by with_whom order by count(*) desc, with_whom limit 10) as people
from counted

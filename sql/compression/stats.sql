-- compression_stats: every text measured
select count(*) as total, min(created_at) as first_session, max(created_at) as last_session,
       coalesce(sum(coalesce(length(experienced), 0) + coalesce(length(noticed), 0) + coalesce(length(learned), 0)
           + coalesce(length(story), 0) + coalesce(length(becoming), 0) + coalesce(length(remember), 0) + coalesce(length(sealed), 0)), 0)::bigint as chars,
       (select with_whom from session_handoffs where tenant_id = $1 and deleted_at is null
        order by created_at desc, handoff_id desc limit 1) as newest_with
from session_handoffs
where tenant_id = $1 and deleted_at is null

-- edit_approve, edit_reject: a decision ($2) is kept back; $3 why, or null when it may be shown again
update decisions t set withheld = $3::text,
    said = case when $3::text is null and exists (select from decisions o where o.tenant_id = $1 and o.said = t.said and o.superseded_by is null
                                             and o.withheld is null and o.decision_id <> $2) then null else said end
where t.tenant_id = $1 and t.decision_id = $2
returning decision_id

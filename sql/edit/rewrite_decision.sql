-- edit_approve, edit_reject: $2 id, $3 decision, $4 rationale, $5 constraints, $6 alternatives, $7 consequences, $8 sensitivity, $9 sealed, $10 SHA-256 of what it says now
update decisions
set decision = $3, rationale = $4, constraints = $5, alternatives = $6, consequences = $7, sensitivity = $8, sealed = $9,
    said = case when exists (select from decisions o where o.tenant_id = $1 and o.said = $10 and o.superseded_by is null and o.withheld is null
                             and o.decision_id <> $2) then null else $10 end
where tenant_id = $1 and decision_id = $2

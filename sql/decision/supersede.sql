-- decision_supersede: $2 the old decision, $3 the new one
update decisions set superseded_by = $3 where tenant_id = $1 and decision_id = $2 and superseded_by is null returning decision_id

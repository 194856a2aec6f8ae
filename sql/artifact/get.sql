-- artifact_get: $2 id
select name, body from artifacts where tenant_id = $1 and artifact_id = $2

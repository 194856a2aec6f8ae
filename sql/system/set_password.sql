-- $1 role, $2 password as a SCRAM verifier: the statement that changes it
select format('alter role %I password %L', $1::text, $2::text)

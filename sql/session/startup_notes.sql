-- session_startup: the newest notes
select * from knowledge_notes where tenant_id = $1 and in_force order by created_at desc, note_id desc limit 10

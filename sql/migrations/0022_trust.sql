-- Trust: what looks like an attack on a model is kept back when it is written, findings too; every memory says who wrote it and how it came.

alter table findings add column withheld text, -- by an edit: retracted, quarantined or blocked
    add constraint finding_withheld check (withheld in ('retracted', 'quarantined', 'blocked'));
alter table edits drop constraint edit_target_type,
    add constraint edit_target_type check (target_type in ('chunk', 'decision', 'capsule', 'handoff', 'knowledge', 'finding'));

alter table session_handoffs add column written_by text default nullif(current_setting('app.by', true), ''),
    add column written_how text default nullif(current_setting('app.how', true), '');
alter table knowledge_notes add column written_by text default nullif(current_setting('app.by', true), ''),
    add column written_how text default nullif(current_setting('app.how', true), '');
alter table decisions add column written_by text default nullif(current_setting('app.by', true), ''),
    add column written_how text default nullif(current_setting('app.how', true), '');
alter table events add column written_by text default nullif(current_setting('app.by', true), ''),
    add column written_how text default nullif(current_setting('app.how', true), '');
alter table findings add column written_by text default nullif(current_setting('app.by', true), ''),
    add column written_how text default nullif(current_setting('app.how', true), '');
alter table rules add column written_by text default nullif(current_setting('app.by', true), ''),
    add column written_how text default nullif(current_setting('app.how', true), '');
alter table capsules add column written_by text default nullif(current_setting('app.by', true), ''),
    add column written_how text default nullif(current_setting('app.how', true), '');
alter table tasks add column written_by text default nullif(current_setting('app.by', true), ''),
    add column written_how text default nullif(current_setting('app.how', true), '');

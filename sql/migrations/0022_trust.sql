-- What looks like an attack on a model is kept back when it is written: findings too.

alter table findings add column withheld text, -- by an edit: retracted, quarantined or blocked
    add constraint finding_withheld check (withheld in ('retracted', 'quarantined', 'blocked'));
alter table edits drop constraint edit_target_type,
    add constraint edit_target_type check (target_type in ('chunk', 'decision', 'capsule', 'handoff', 'knowledge', 'finding'));

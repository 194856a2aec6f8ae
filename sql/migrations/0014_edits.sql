-- Corrections of memories: proposed, then approved or rejected; what an approved one changed is kept in it.

create table edits (
    tenant_id   text collate "C" not null,
    edit_id     text collate "C" not null,
    target_type text             not null,
    target_id   text collate "C" not null,
    op          text             not null,
    reason      text             not null,
    patch       text             not null default '{}', -- JSON: what an amendment or an attenuation changes
    before      text             not null default '{}', -- JSON: what was there, once it is approved
    status      text             not null default 'pending',
    proposed_by text             not null,
    sensitivity text             not null default 'none',
    sealed      bytea,
    created_at  timestamptz      not null,
    decided_at  timestamptz,
    constraint edits_pkey primary key (tenant_id, edit_id),
    constraint edit_target_type check (target_type in ('chunk', 'decision', 'capsule', 'handoff', 'knowledge')),
    constraint edit_op check (op in ('retract', 'amend', 'quarantine', 'attenuate', 'block')),
    constraint edit_status check (status in ('pending', 'approved', 'rejected')),
    constraint edit_sensitivity check (sensitivity in ('none', 'low', 'medium', 'high', 'secret'))
);
select tenant_table('edits');
create index idx_edits_tenant_created on edits (tenant_id, created_at desc, edit_id desc);
create index idx_edits_target on edits (tenant_id, target_id, created_at desc, edit_id desc);

-- What an event was before any of its chunks was edited, word for word; sealed where the event is.
alter table events add column original text, add column original_sealed bytea;

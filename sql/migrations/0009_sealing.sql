-- Sealed texts: what is high or secret stands in `sealed`, encrypted under the tenant's data key; the columns it came from are empty.

alter table session_handoffs add column sealed bytea;
alter table knowledge_notes
    add column sensitivity text not null default 'none',
    add column sealed      bytea,
    add constraint knowledge_sensitivity check (sensitivity in ('none', 'low', 'medium', 'high', 'secret'));
alter table decisions
    add column sensitivity text not null default 'none',
    add column sealed      bytea,
    add constraint decision_sensitivity check (sensitivity in ('none', 'low', 'medium', 'high', 'secret'));
alter table events add column sealed bytea;
alter table chunks add column sealed bytea;
alter table artifacts add column sealed boolean not null default false;

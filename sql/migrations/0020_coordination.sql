-- What agents share while they work: links between memories, tasks, what was found on the way, and what they think of it.

create table edges (
    tenant_id  text collate "C" not null,
    edge_id    text collate "C" not null,
    from_id    text collate "C" not null, -- a memory's id, or whatever else has a name: an agent, a person, a file
    to_id      text collate "C" not null,
    edge_type  text             not null,
    weight     double precision not null default 1,
    created_by text,
    created_at timestamptz      not null,
    updated_at timestamptz      not null,
    constraint edges_pkey primary key (tenant_id, edge_id),
    constraint edge_type check (edge_type in ('parent_of', 'child_of', 'references', 'created_by', 'related_to', 'depends_on')),
    constraint edge_to_itself check (from_id <> to_id),
    constraint edge_weight_range check (weight between 0 and 1)
);
select tenant_table('edges');
-- The same link once, whichever way it is said: a child_of b is b parent_of a, and related_to goes both ways.
create unique index idx_edges_once on edges (
    tenant_id,
    (case edge_type when 'child_of' then 'parent_of' else edge_type end),
    (case edge_type when 'child_of' then to_id when 'related_to' then least(from_id, to_id) else from_id end),
    (case edge_type when 'child_of' then from_id when 'related_to' then greatest(from_id, to_id) else to_id end));
create index idx_edges_from on edges (tenant_id, from_id, created_at, edge_id);
create index idx_edges_to on edges (tenant_id, to_id, created_at, edge_id);
create index idx_edges_tenant_created on edges (tenant_id, created_at desc, edge_id desc);

create table tasks (
    tenant_id    text collate "C" not null,
    task_id      text collate "C" not null,
    title        text             not null,
    description  text,
    priority     integer          not null default 0,
    project_path text collate "C",
    tags         text[]           not null default '{}',
    created_by   text,
    status       text             not null default 'open',
    claimed_by   text collate "C",
    claimed_at   timestamptz,
    ended_at     timestamptz,
    sensitivity  text             not null default 'none',
    sealed       bytea,
    created_at   timestamptz      not null,
    updated_at   timestamptz      not null,
    constraint tasks_pkey primary key (tenant_id, task_id),
    constraint task_status check (status in ('open', 'claimed', 'done', 'failed', 'cancelled')),
    constraint task_claimed check (status <> 'claimed' or claimed_by is not null),
    constraint task_sensitivity check (sensitivity in ('none', 'low', 'medium', 'high', 'secret'))
);
select tenant_table('tasks');
create index idx_tasks_next on tasks (tenant_id, priority desc, created_at, task_id) where status = 'open';
create index idx_tasks_claimed on tasks (tenant_id, claimed_by, claimed_at, task_id) where status = 'claimed';
create index idx_tasks_tenant_created on tasks (tenant_id, created_at desc, task_id desc);

-- Tasks with what they depend on: edges from one task to another. Only what is done lets its dependents begin.
create view tasks_seen with (security_invoker) as
select t.*,
       array(select e.to_id from edges e where e.tenant_id = t.tenant_id and e.from_id = t.task_id and e.edge_type = 'depends_on'
             order by e.created_at, e.edge_id) as depends_on,
       array(select e.to_id from edges e join tasks d on d.tenant_id = t.tenant_id and d.task_id = e.to_id and d.status <> 'done'
             where e.tenant_id = t.tenant_id and e.from_id = t.task_id and e.edge_type = 'depends_on'
             order by e.created_at, e.edge_id) as waits_for
from tasks t;

create table findings (
    tenant_id   text collate "C" not null,
    finding_id  text collate "C" not null,
    task_id     text collate "C",
    agent_id    text             not null,
    content     text             not null,
    confidence  double precision not null default 0.7,
    tags        text[]           not null default '{}',
    refs        text[]           not null default '{}',
    sensitivity text             not null default 'none',
    sealed      bytea,
    created_at  timestamptz      not null,
    constraint findings_pkey primary key (tenant_id, finding_id),
    constraint finding_confidence_range check (confidence between 0 and 1),
    constraint finding_sensitivity check (sensitivity in ('none', 'low', 'medium', 'high', 'secret'))
);
select tenant_table('findings');
create index idx_findings_tenant_created on findings (tenant_id, created_at desc, finding_id desc);
create index idx_findings_task on findings (tenant_id, task_id, created_at desc, finding_id desc);

create table feedback (
    tenant_id   text collate "C" not null,
    feedback_id text collate "C" not null,
    category    text             not null,
    kind        text             not null,
    description text             not null,
    severity    text             not null,
    status      text             not null default 'open',
    agent_id    text,
    sensitivity text             not null default 'none',
    sealed      bytea,
    created_at  timestamptz      not null,
    updated_at  timestamptz      not null,
    constraint feedback_pkey primary key (tenant_id, feedback_id),
    constraint feedback_severity check (severity in ('low', 'medium', 'high', 'critical')),
    constraint feedback_status check (status in ('open', 'acknowledged', 'resolved', 'rejected')),
    constraint feedback_sensitivity check (sensitivity in ('none', 'low', 'medium', 'high', 'secret'))
);
select tenant_table('feedback');
create index idx_feedback_tenant_created on feedback (tenant_id, created_at desc, feedback_id desc);

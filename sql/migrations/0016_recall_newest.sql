-- Recall of questions whose words are in very many memories: the newest are looked at, in their order.

create index idx_items_at on items (tenant_id, at desc, item_id desc);

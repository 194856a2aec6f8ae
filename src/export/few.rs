//! What there is little of in an import, one by one: rules, capsules, and what agents share while they work.

use super::insert::Inserter;
use super::parse::Item;
use crate::capsule::Capsule;
use crate::db::Tx;
use crate::edge::{self, Edge};
use crate::error::Result;
use crate::feedback::Feedback;
use crate::finding::Finding;
use crate::rule::Rule;
use crate::sql;
use crate::task::Task;
use serde_json::value::RawValue;

impl Inserter {
    /// Writes items of a kind one by one; how many were not there.
    pub(super) async fn few(
        &mut self,
        tx: &Tx,
        kind: Item,
        waiting: &[Box<RawValue>],
    ) -> Result<i64> {
        let mut new = 0;
        match kind {
            Item::Rule => {
                for mut item in self.decode(waiting, "rul_", |item: &Rule| &item.rule_id)? {
                    self.seal(&mut item).await?;
                    new += i64::from(rule(tx, &self.tenant, &item).await?);
                }
            }
            Item::Capsule => {
                for mut item in self.decode(waiting, "cap_", |item: &Capsule| &item.capsule_id)? {
                    self.seal(&mut item).await?;
                    new += i64::from(capsule(tx, &self.tenant, &item).await?);
                }
            }
            Item::Edge => {
                for item in self.decode(waiting, "edg_", |item: &Edge| &item.edge_id)? {
                    new += i64::from(edge::put(tx, &self.tenant, &item).await?);
                }
            }
            Item::Task => {
                for mut item in self.decode(waiting, "tsk_", |item: &Task| &item.task_id)? {
                    self.seal(&mut item).await?;
                    new += i64::from(item.store(tx, &self.tenant).await?);
                }
            }
            Item::Feedback => {
                for mut item in self.decode(waiting, "fbk_", |item: &Feedback| &item.feedback_id)? {
                    self.seal(&mut item).await?;
                    new += i64::from(item.store(tx, &self.tenant).await?);
                }
            }
            _ => {
                let number = self.ctx.place.record.number;
                let mut items = Vec::new();
                for mut item in self.decode(waiting, "fnd_", |item: &Finding| &item.finding_id)? {
                    item.tenant_id.clone_from(&self.tenant);
                    self.seal(&mut item).await?;
                    if item.store(tx, &self.tenant).await? {
                        new += 1;
                        items.extend(item.item(number));
                    }
                }
                self.index(tx, items).await?;
            }
        }
        Ok(new)
    }
}

/// Writes a rule unless it is there; whether it was not.
async fn rule(tx: &Tx, tenant: &str, rule: &Rule) -> Result<bool> {
    let sealed = rule.sealed.as_ref().map(|sealed| sealed.0.as_slice());
    let rows = tx
        .query(
            sql!("export/import_rule"),
            &[
                &tenant,
                &rule.rule_id,
                &rule.content,
                &rule.channel,
                &rule.priority,
                &rule.times,
                &rule.sensitivity,
                &sealed,
                &rule.created_at,
                &rule.said(),
            ],
        )
        .await?;
    Ok(!rows.is_empty())
}

/// Writes a capsule unless it is there; whether it was not.
async fn capsule(tx: &Tx, tenant: &str, capsule: &Capsule) -> Result<bool> {
    let sealed = capsule.sealed.as_ref().map(|sealed| sealed.0.as_slice());
    let rows = tx
        .query(
            sql!("export/import_capsule"),
            &[
                &tenant,
                &capsule.capsule_id,
                &capsule.author_agent_id,
                &capsule.subject_type,
                &capsule.subject_id,
                &capsule.scope,
                &capsule.audience_agent_ids,
                &capsule.items.chunks,
                &capsule.items.decisions,
                &capsule.items.artifacts,
                &capsule.risks,
                &capsule.sensitivity,
                &sealed,
                &capsule.created_at,
                &capsule.expires_at,
                &capsule.revoked_at,
            ],
        )
        .await?;
    Ok(!rows.is_empty())
}

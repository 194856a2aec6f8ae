//! Findings: what agents found out while they worked; recall knows them.

mod list;
mod post;

pub use list::List;
pub use post::Post;

use crate::db::{Row, Tx};
use crate::edit::{Target, quarantine};
use crate::endpoint::Endpoint;
use crate::error::Result;
use crate::operation::Context;
use crate::origin::Origin;
use crate::recall::Item;
use crate::seal::{Sealable, Sealed, Show};
use crate::trust::judge;
use crate::types::{List as Bounded, Name, Share, Tags, Text, strings};
use crate::write::Write;
use crate::{id, sql};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<Post>(), Endpoint::of::<List>()];

/// A finding as clients see it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Its id, `fnd_…`.
    pub finding_id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// The task it came of.
    pub task_id: Option<String>,
    /// Who found it.
    pub agent_id: String,
    /// What was found.
    pub content: String,
    /// How sure it is, 0 to 1.
    pub confidence: f64,
    /// Its labels.
    pub tags: Vec<String>,
    /// What it refers to.
    pub refs: Vec<String>,
    /// none, low, medium, high or secret, by what stands in it.
    pub sensitivity: String,
    /// Whether its text is sealed in the database.
    #[serde(default)]
    pub encrypted: bool,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// Who wrote it, and how it came; not in exports.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The edit that keeps it back because it looks like an attack on a model, in the reply to whoever wrote it; edit_reject lets it be seen.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<String>,
    /// In exports of sealed findings: the text, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
    /// The rule by which it looks like an attack, before it is written.
    #[serde(skip)]
    attack: Option<&'static str>,
}

/// A finding before it is stored.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewFinding")]
pub struct Draft {
    /// What was found.
    pub(crate) content: Text,
    /// How sure it is, 0 to 1.
    #[serde(default = "likely")]
    #[schemars(default = "likely")]
    pub(crate) confidence: Share,
    /// Labels to find it by.
    #[serde(default)]
    pub(crate) tags: Tags,
    /// What it refers to: files, commits, ids of memories.
    #[serde(default)]
    pub(crate) refs: Bounded<Name, 256>,
}

fn likely() -> Share {
    Share::of(0.7)
}

impl Draft {
    /// The finding of an agent, of a task or none.
    pub fn into_finding(self, ctx: &Context, agent: &str, task: Option<&str>) -> Finding {
        let (finding_id, created_at) = id::new("fnd");
        let content = String::from(self.content);
        Finding {
            attack: judge(&content).attack(),
            finding_id,
            tenant_id: ctx.tenant.clone(),
            task_id: task.map(str::to_owned),
            agent_id: agent.to_owned(),
            content,
            confidence: self.confidence.get(),
            tags: strings(self.tags.into_inner()),
            refs: strings(self.refs.into_inner()),
            sensitivity: crate::knowledge::none(),
            encrypted: false,
            created_at,
            origin: Some(ctx.origin.clone()),
            quarantined: None,
            sealed: None,
        }
    }
}

impl Sealable for Finding {
    fn id(&self) -> String {
        self.finding_id.clone()
    }
    fn sensitivity(&mut self) -> &mut String {
        &mut self.sensitivity
    }
    fn sealed(&mut self) -> &mut Option<Sealed> {
        &mut self.sealed
    }
    fn texts(&mut self) -> Vec<(String, &mut String)> {
        vec![("content".to_owned(), &mut self.content)]
    }
}

impl Finding {
    /// From rows of findings, as far as their own tenant may see them.
    pub fn shown(ctx: &Context, rows: &[Row]) -> Vec<Self> {
        let with_origin = |row| Self {
            origin: Origin::from_row(row),
            ..Self::from_row(row)
        };
        ctx.reveal(rows.iter().map(with_origin).collect(), Show::Own)
    }

    /// Writes it, and tells recall; the edit that keeps it back, where it looks like an attack.
    pub async fn publish(&self, ctx: &Context, write: &mut Write) -> Result<Option<String>> {
        self.store(write.tx(), &ctx.tenant).await?;
        write.index(self.item(ctx.place.record.number)).await?;
        match self.attack {
            None => Ok(None),
            Some(rule) => quarantine(ctx, write, Target::Finding, &self.finding_id, rule)
                .await
                .map(Some),
        }
    }

    /// Writes it unless it is there; whether it was not.
    pub async fn store(&self, tx: &Tx, tenant: &str) -> Result<bool> {
        let sealed = self.sealed.as_ref().map(|sealed| sealed.0.as_slice());
        let stored = tx
            .first(
                sql!("finding/post"),
                &[
                    &tenant,
                    &self.finding_id,
                    &self.task_id,
                    &self.agent_id,
                    &self.content,
                    &self.confidence,
                    &self.tags,
                    &self.refs,
                    &self.sensitivity,
                    &sealed,
                    &self.created_at,
                ],
            )
            .await?;
        Ok(stored.is_some())
    }

    /// As recall knows it; none of a sealed one.
    pub fn item(&self, tenant: i32) -> Option<Item> {
        let mut item = Item {
            tenant_id: self.tenant_id.clone(),
            item_id: self.finding_id.clone(),
            kind: "finding",
            actor: Some(self.agent_id.clone()),
            sensitivity: self.sensitivity.clone(),
            tags: self.tags.clone(),
            at: self.created_at,
            valid_from: self.created_at,
            ..Item::default()
        };
        item.say(tenant, 0, &self.content);
        self.sealed.is_none().then_some(item)
    }

    /// From a row of findings, as it is stored.
    pub fn from_row(row: &Row) -> Self {
        let sealed: Option<Vec<u8>> = row.get("sealed");
        Self {
            attack: None,
            finding_id: row.get("finding_id"),
            tenant_id: row.get("tenant_id"),
            task_id: row.get("task_id"),
            agent_id: row.get("agent_id"),
            content: row.get("content"),
            confidence: row.get("confidence"),
            tags: row.get("tags"),
            refs: row.get("refs"),
            sensitivity: row.get("sensitivity"),
            encrypted: sealed.is_some(),
            created_at: row.get("created_at"),
            origin: None,
            quarantined: None,
            sealed: sealed.map(Sealed),
        }
    }
}

//! Edits: corrections of memories, proposed and then approved or rejected. What was there before is kept in the edit.

mod amend;
mod apply;
mod approve;
mod chunk;
mod get;
mod list;
mod propose;
mod quarantine;
mod reject;

pub use approve::Approve;
pub use get::Get;
pub use list::List;
pub use propose::Propose;
pub use quarantine::{quarantine, quarantine_passages};
pub use reject::Reject;

use crate::db::Row;
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::operation::Context;
use crate::seal::classify::classify;
use crate::seal::{Sealable, Sealed, Show, level};
use crate::sql;
use crate::types::Sensitivity;
use crate::write::Write;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[
    Endpoint::of::<Propose>(),
    Endpoint::of::<List>(),
    Endpoint::of::<Get>(),
    Endpoint::of::<Approve>(),
    Endpoint::of::<Reject>(),
];

/// What an edit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Target {
    /// A passage of an event.
    Chunk,
    /// A decision.
    Decision,
    /// A capsule.
    Capsule,
    /// A handoff.
    Handoff,
    /// A note.
    Knowledge,
    /// A finding.
    Finding,
}

/// What an edit does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Op {
    /// Takes it back: it was never true.
    Retract,
    /// Changes what it says.
    Amend,
    /// Keeps it out of sight until it was looked at.
    Quarantine,
    /// Lets it count for less.
    Attenuate,
    /// Never shows it again.
    Block,
}

impl Op {
    /// Why a memory is kept back; none for what changes it.
    fn withholds(self) -> Option<&'static str> {
        match self {
            Self::Retract => Some("retracted"),
            Self::Quarantine => Some("quarantined"),
            Self::Block => Some("blocked"),
            Self::Amend | Self::Attenuate => None,
        }
    }
}

/// What an amendment or an attenuation changes.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "EditPatch")]
pub struct Patch {
    /// Of a chunk: what it says instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Of a note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Of a note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Of a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// Of a handoff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experienced: Option<String>,
    /// Of a handoff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noticed: Option<String>,
    /// Of a handoff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learned: Option<String>,
    /// Of a handoff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<String>,
    /// Of a handoff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub becoming: Option<String>,
    /// Of a handoff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remember: Option<String>,
    /// How much it counts from now on, 0 to 1: of an attenuation, one half where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
}

impl Patch {
    fn json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(Error::internal)
    }

    /// The texts by their names.
    fn texts(&self) -> BTreeMap<&'static str, &str> {
        let all = [
            ("text", &self.text),
            ("title", &self.title),
            ("content", &self.content),
            ("decision", &self.decision),
            ("experienced", &self.experienced),
            ("noticed", &self.noticed),
            ("learned", &self.learned),
            ("story", &self.story),
            ("becoming", &self.becoming),
            ("remember", &self.remember),
        ];
        all.into_iter()
            .filter_map(|(name, text)| Some((name, text.as_deref()?)))
            .collect()
    }
}

/// What was there before an edit.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EditBefore")]
pub struct Before {
    /// What it said, text by text.
    #[serde(default)]
    pub texts: BTreeMap<String, String>,
    /// Why it was kept back already.
    #[serde(default)]
    pub withheld: Option<String>,
    /// A handoff's significance, a note's confidence.
    #[serde(default)]
    pub weight: Option<f64>,
    /// How much it counted in recall.
    #[serde(default)]
    pub share: Option<f64>,
}

/// An edit as clients see it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Edit {
    /// Its id, `edt_…`.
    pub edit_id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// What it is about.
    pub target_type: Target,
    /// Which one.
    pub target_id: String,
    /// What it does.
    pub op: Op,
    /// Why.
    pub reason: String,
    /// What it changes, as JSON.
    pub patch: String,
    /// What was there before, as JSON, once it is approved.
    pub before: String,
    /// pending, approved or rejected.
    pub status: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// The level of what it is about, or more.
    pub sensitivity: String,
    /// When it was proposed.
    pub created_at: DateTime<Utc>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    sealed: Option<Sealed>,
}

impl Sealable for Edit {
    fn id(&self) -> String {
        self.edit_id.clone()
    }
    fn sensitivity(&mut self) -> &mut String {
        &mut self.sensitivity
    }
    fn sealed(&mut self) -> &mut Option<Sealed> {
        &mut self.sealed
    }
    fn texts(&mut self) -> Vec<(String, &mut String)> {
        vec![
            ("reason".to_owned(), &mut self.reason),
            ("patch".to_owned(), &mut self.patch),
            ("before".to_owned(), &mut self.before),
        ]
    }
    /// By every text as it reads: JSON writes quotes and line ends in another way.
    fn judge(&mut self) -> bool {
        let inside = [&self.patch, &self.before].map(|json| crate::event::judge(json));
        let found = inside
            .into_iter()
            .chain([classify(&self.reason)])
            .max()
            .unwrap_or_default();
        apply::raise(self, found.as_str());
        level(&self.sensitivity) >= Sensitivity::High
    }
}

/// A word that a constraint lets through, as the enum that has it.
fn word<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T> {
    serde_json::from_value(text.into()).map_err(Error::internal)
}

/// The word of an enum.
fn name(value: impl Serialize) -> Result<String> {
    let value = serde_json::to_value(value).map_err(Error::internal)?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

impl Edit {
    /// From rows of edits, as far as their own tenant may see them.
    pub fn shown(ctx: &Context, rows: &[Row]) -> Result<Vec<Self>> {
        let edits: Result<Vec<Self>> = rows.iter().map(Self::from_row).collect();
        Ok(ctx.reveal(edits?, Show::Own))
    }

    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            edit_id: row.get("edit_id"),
            tenant_id: row.get("tenant_id"),
            target_type: word(row.get("target_type"))?,
            target_id: row.get("target_id"),
            op: word(row.get("op"))?,
            reason: row.get("reason"),
            patch: row.get("patch"),
            before: row.get("before"),
            status: row.get("status"),
            proposed_by: row.get("proposed_by"),
            sensitivity: row.get("sensitivity"),
            created_at: row.get("created_at"),
            decided_at: row.get("decided_at"),
            sealed: row.get::<_, Option<Vec<u8>>>("sealed").map(Sealed),
        })
    }

    /// Writes a new one.
    async fn insert(&self, write: &Write) -> Result<()> {
        let (target_type, op) = (name(self.target_type)?, name(self.op)?);
        let sealed = self.sealed.as_ref().map(|sealed| sealed.0.as_slice());
        write
            .query(
                sql!("edit/propose"),
                &[
                    &self.edit_id,
                    &target_type,
                    &self.target_id,
                    &op,
                    &self.reason,
                    &self.patch,
                    &self.proposed_by,
                    &self.sensitivity,
                    &sealed,
                    &self.created_at,
                ],
            )
            .await
            .map(drop)
    }

    /// Locks an edit and opens it, to decide on it.
    async fn lock(ctx: &Context, write: &Write, id: &str) -> Result<Self> {
        let row = write.first(sql!("edit/lock"), &[&id]).await?;
        ctx.open(Self::from_row(&row.ok_or_else(missing)?)?)
    }

    /// Writes down what was decided.
    async fn decide(mut self, ctx: &Context, write: &Write, status: &str) -> Result<()> {
        ctx.protect(&mut self).await?;
        let sealed = self.sealed.map(|sealed| sealed.0);
        let statement = sql!("edit/decide");
        write
            .query(
                statement,
                &[
                    &self.edit_id,
                    &status,
                    &self.reason,
                    &self.patch,
                    &self.before,
                    &self.sensitivity,
                    &sealed,
                    &ctx.at,
                ],
            )
            .await
            .map(drop)
    }
}

/// No edit by that id in this tenant.
fn missing() -> Error {
    Error::not_found("no edit by that id").field("id")
}

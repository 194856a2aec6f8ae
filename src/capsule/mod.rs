//! Capsules: what one agent hands to some others, for a while.

mod create;
mod get;
mod list;
mod revoke;

pub use create::Create;
pub use get::Get;
pub use list::List;
pub use revoke::Revoke;

use crate::db::Row;
use crate::endpoint::Endpoint;
use crate::operation::Context;
use crate::seal::{Sealable, Sealed, Show};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[
    Endpoint::of::<Create>(),
    Endpoint::of::<List>(),
    Endpoint::of::<Get>(),
    Endpoint::of::<Revoke>(),
];

/// A capsule as its author and its audience see it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Capsule {
    /// Its id, `cap_…`.
    pub capsule_id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// Who made it.
    pub author_agent_id: String,
    /// What kind of thing it is about.
    pub subject_type: String,
    /// Which one.
    pub subject_id: String,
    /// How far it reaches.
    pub scope: String,
    /// Whom it is for.
    pub audience_agent_ids: Vec<String>,
    /// What is in it.
    pub items: Items,
    /// What to mind.
    pub risks: Vec<String>,
    /// none, low, medium, high or secret, by what stands in the risks.
    pub sensitivity: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it can be read.
    pub expires_at: DateTime<Utc>,
    /// Since when it cannot be read any more.
    pub revoked_at: Option<DateTime<Utc>>,
    /// In exports of sealed capsules: the risks, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// What a capsule holds, by ids.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CapsuleItems")]
pub struct Items {
    /// Passages of events.
    pub chunks: Vec<String>,
    /// Decisions.
    pub decisions: Vec<String>,
    /// Artifacts.
    pub artifacts: Vec<String>,
}

impl Sealable for Capsule {
    fn id(&self) -> String {
        self.capsule_id.clone()
    }
    fn sensitivity(&mut self) -> &mut String {
        &mut self.sensitivity
    }
    fn sealed(&mut self) -> &mut Option<Sealed> {
        &mut self.sealed
    }
    fn texts(&mut self) -> Vec<(String, &mut String)> {
        let risks = self.risks.iter_mut().enumerate();
        risks
            .map(|(place, text)| (format!("risks.{place}"), text))
            .collect()
    }
}

impl Capsule {
    /// From rows of capsules, as far as their own tenant may see them.
    pub fn shown(ctx: &Context, rows: &[Row]) -> Vec<Self> {
        ctx.reveal(rows.iter().map(Self::from_row).collect(), Show::Own)
    }

    /// From a row of capsules, as it is stored.
    pub fn from_row(row: &Row) -> Self {
        Self {
            capsule_id: row.get("capsule_id"),
            tenant_id: row.get("tenant_id"),
            author_agent_id: row.get("author_agent_id"),
            subject_type: row.get("subject_type"),
            subject_id: row.get("subject_id"),
            scope: row.get("scope"),
            audience_agent_ids: row.get("audience_agent_ids"),
            items: Items {
                chunks: row.get("chunks"),
                decisions: row.get("decisions"),
                artifacts: row.get("artifacts"),
            },
            risks: row.get("risks"),
            sensitivity: row.get("sensitivity"),
            created_at: row.get("created_at"),
            expires_at: row.get("expires_at"),
            revoked_at: row.get("revoked_at"),
            sealed: row.get::<_, Option<Vec<u8>>>("sealed").map(Sealed),
        }
    }
}

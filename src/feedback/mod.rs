//! Feedback: what agents and people think of the work, and what became of it.

mod create;
mod list;
mod update;

pub use create::Create;
pub use list::List;
pub use update::Update;

use crate::db::{Row, Tx};
use crate::endpoint::Endpoint;
use crate::error::Result;
use crate::operation::Context;
use crate::seal::{Sealable, Sealed, Show};
use crate::sql;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[
    Endpoint::of::<Create>(),
    Endpoint::of::<List>(),
    Endpoint::of::<Update>(),
];

/// Feedback as clients see it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Feedback {
    /// Its id, `fbk_…`.
    pub feedback_id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// What it is about.
    pub category: String,
    /// What kind it is: bug, wish, praise, …
    #[serde(rename = "type")]
    pub kind: String,
    /// What it says.
    pub description: String,
    /// low, medium, high or critical.
    pub severity: String,
    /// open, acknowledged, resolved or rejected.
    pub status: String,
    /// Who gave it.
    pub agent_id: Option<String>,
    /// none, low, medium, high or secret, by what stands in it.
    pub sensitivity: String,
    /// Whether its text is sealed in the database.
    #[serde(default)]
    pub encrypted: bool,
    /// When it was given.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// In exports of sealed feedback: the text, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// How much it matters.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Severity {
    /// It can wait.
    Low,
    /// It should be looked at.
    #[default]
    Medium,
    /// It is in the way.
    High,
    /// Nothing goes on before it is mended.
    Critical,
}

impl Severity {
    fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// What became of it.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, rename = "FeedbackStatus")]
pub enum Status {
    /// Nobody looked at it.
    Open,
    /// Somebody did.
    Acknowledged,
    /// It is mended.
    Resolved,
    /// It stays as it is.
    Rejected,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
            Self::Rejected => "rejected",
        }
    }
}

impl Sealable for Feedback {
    fn id(&self) -> String {
        self.feedback_id.clone()
    }
    fn sensitivity(&mut self) -> &mut String {
        &mut self.sensitivity
    }
    fn sealed(&mut self) -> &mut Option<Sealed> {
        &mut self.sealed
    }
    fn texts(&mut self) -> Vec<(String, &mut String)> {
        vec![("description".to_owned(), &mut self.description)]
    }
}

impl Feedback {
    /// From rows of feedback, as far as their own tenant may see them.
    pub fn shown(ctx: &Context, rows: &[Row]) -> Vec<Self> {
        ctx.reveal(rows.iter().map(Self::from_row).collect(), Show::Own)
    }

    /// The feedback of this id.
    async fn find(ctx: &Context, id: &str) -> Result<Option<Self>> {
        let rows = ctx.read(sql!("feedback/get"), &[&id]).await?;
        Ok(Self::shown(ctx, &rows).pop())
    }

    /// Writes it unless it is there; whether it was not.
    pub async fn store(&self, tx: &Tx, tenant: &str) -> Result<bool> {
        let sealed = self.sealed.as_ref().map(|sealed| sealed.0.as_slice());
        let stored = tx
            .first(
                sql!("feedback/create"),
                &[
                    &tenant,
                    &self.feedback_id,
                    &self.category,
                    &self.kind,
                    &self.description,
                    &self.severity,
                    &self.status,
                    &self.agent_id,
                    &self.sensitivity,
                    &sealed,
                    &self.created_at,
                    &self.updated_at,
                ],
            )
            .await?;
        Ok(stored.is_some())
    }

    /// From a row of feedback, as it is stored.
    pub fn from_row(row: &Row) -> Self {
        let sealed: Option<Vec<u8>> = row.get("sealed");
        Self {
            feedback_id: row.get("feedback_id"),
            tenant_id: row.get("tenant_id"),
            category: row.get("category"),
            kind: row.get("kind"),
            description: row.get("description"),
            severity: row.get("severity"),
            status: row.get("status"),
            agent_id: row.get("agent_id"),
            sensitivity: row.get("sensitivity"),
            encrypted: sealed.is_some(),
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
            sealed: sealed.map(Sealed),
        }
    }
}

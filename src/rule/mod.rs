//! Rules: standing instructions, first in every wake-up and context.

mod create;
mod delete;
mod list;

pub use create::Create;
pub use delete::Delete;
pub use list::List;

use crate::db::{Row, sha256};
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
    Endpoint::of::<Delete>(),
];

/// A standing instruction as clients see it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Its id, `rul_…`.
    pub rule_id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// What it says.
    pub content: String,
    /// Where it holds: all, or one channel.
    pub channel: String,
    /// The higher, the earlier it comes.
    pub priority: i32,
    /// How often it was written in the same words.
    pub times: i32,
    /// none, low, medium, high or secret, by what stands in it.
    pub sensitivity: String,
    /// Whether its text is sealed in the database.
    #[serde(default)]
    pub encrypted: bool,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// In exports of sealed rules: the text, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

impl Sealable for Rule {
    fn id(&self) -> String {
        self.rule_id.clone()
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

impl Rule {
    /// From rows of rules, as far as their own tenant may see them.
    pub fn shown(ctx: &Context, rows: &[Row]) -> Vec<Self> {
        ctx.reveal(rows.iter().map(Self::from_row).collect(), Show::Own)
    }

    /// From a row of rules, as it is stored.
    pub fn from_row(row: &Row) -> Self {
        let sealed: Option<Vec<u8>> = row.get("sealed");
        Self {
            rule_id: row.get("rule_id"),
            tenant_id: row.get("tenant_id"),
            content: row.get("content"),
            channel: row.get("channel"),
            priority: row.get("priority"),
            times: row.get("times"),
            sensitivity: row.get("sensitivity"),
            encrypted: sealed.is_some(),
            created_at: row.get("created_at"),
            sealed: sealed.map(Sealed),
        }
    }

    /// What makes another rule the same; none of a sealed one, whose words must not be guessed at.
    pub fn said(&self) -> Option<Vec<u8>> {
        let whole = format!("{}\0{}", self.content, self.channel);
        self.sealed.is_none().then(|| sha256(whole.as_bytes()))
    }
}

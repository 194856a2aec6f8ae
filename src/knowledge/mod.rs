//! Knowledge: notes on what was understood.

mod create;
mod delete;
mod get;
mod list;
mod note;
mod update;

pub use create::Create;
pub use delete::Delete;
pub use get::Get;
pub use list::List;
pub use note::Write as NoteWrite;
pub use update::Update;

use crate::db::Row;
use crate::endpoint::Endpoint;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[
    Endpoint::of::<Create>(),
    Endpoint::of::<NoteWrite>(),
    Endpoint::of::<List>(),
    Endpoint::of::<Get>(),
    Endpoint::of::<Update>(),
    Endpoint::of::<Delete>(),
];

/// A note as clients see it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// Its id, `kn_…`.
    pub note_id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// What it is about.
    pub title: String,
    /// What it says.
    pub content: String,
    /// The handoffs it comes from.
    pub source_handoffs: Vec<String>,
    /// Whom it concerns.
    pub with_whom: Option<String>,
    /// Its labels.
    pub tags: Vec<String>,
    /// How sure it is, 0 to 1.
    pub confidence: f64,
    /// Whether it always comes first.
    pub pinned: bool,
    /// The note it replaces.
    pub supersedes: Option<String>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Note {
    /// From a row of knowledge_notes.
    pub fn from_row(row: &Row) -> Self {
        Self {
            note_id: row.get("note_id"),
            tenant_id: row.get("tenant_id"),
            title: row.get("title"),
            content: row.get("content"),
            source_handoffs: row.get("source_handoffs"),
            with_whom: row.get("with_whom"),
            tags: row.get("tags"),
            confidence: row.get("confidence"),
            pinned: row.get("pinned"),
            supersedes: row.get("supersedes"),
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
        }
    }
}

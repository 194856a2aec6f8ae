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

use crate::db::{Row, sha256};
use crate::endpoint::Endpoint;
use crate::id;
use crate::operation::Context;
use crate::origin::Origin;
use crate::recall::Item;
use crate::seal::{Sealable, Sealed, Show};
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
    /// The note that replaced it.
    #[serde(default)]
    pub superseded_by: Option<String>,
    /// How often it was written in the same words.
    #[serde(default = "once")]
    pub times: i32,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// none, low, medium, high or secret, by what stands in it.
    #[serde(default = "none")]
    pub sensitivity: String,
    /// Whether its texts are sealed in the database.
    #[serde(default)]
    pub encrypted: bool,
    /// Who wrote it, and how it came; not in exports.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// In exports of sealed notes: the texts, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

/// How often something was written that nobody counted.
pub fn once() -> i32 {
    1
}

/// The level of what says nothing about it.
pub fn none() -> String {
    "none".to_owned()
}

impl Sealable for Note {
    fn id(&self) -> String {
        self.note_id.clone()
    }
    fn sensitivity(&mut self) -> &mut String {
        &mut self.sensitivity
    }
    fn sealed(&mut self) -> &mut Option<Sealed> {
        &mut self.sealed
    }
    fn texts(&mut self) -> Vec<(String, &mut String)> {
        vec![
            ("title".to_owned(), &mut self.title),
            ("content".to_owned(), &mut self.content),
        ]
    }
}

impl Note {
    /// A new note that says this and nothing more.
    fn new(ctx: &Context, title: String, content: String) -> Self {
        let (note_id, created_at) = id::new("kn");
        Self {
            note_id,
            tenant_id: ctx.tenant.clone(),
            title,
            content,
            source_handoffs: Vec::new(),
            with_whom: None,
            tags: Vec::new(),
            confidence: 0.7,
            pinned: false,
            supersedes: None,
            superseded_by: None,
            times: 1,
            created_at,
            updated_at: created_at,
            sensitivity: none(),
            encrypted: false,
            origin: Some(ctx.origin.clone()),
            sealed: None,
        }
    }

    /// As recall knows it since `valid_from`; none of a sealed one.
    pub fn item(&self, tenant: i32, valid_from: DateTime<Utc>) -> Option<Item> {
        let mut item = Item {
            tenant_id: self.tenant_id.clone(),
            item_id: self.note_id.clone(),
            kind: "knowledge",
            with_whom: self.with_whom.clone(),
            sensitivity: self.sensitivity.clone(),
            tags: self.tags.clone(),
            at: self.created_at,
            valid_from,
            ..Item::default()
        };
        item.say(tenant, 0, &self.text());
        self.sealed.is_none().then_some(item)
    }

    /// All it says, as recall shows it.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.title, self.content)
    }

    /// What makes another note the same; none of a sealed one, whose words must not be guessed at.
    pub fn said(&self) -> Option<Vec<u8>> {
        let whole = format!(
            "{}\0{}\0{}",
            self.title,
            self.content,
            self.with_whom.as_deref().unwrap_or_default()
        );
        self.sealed.is_none().then(|| sha256(whole.as_bytes()))
    }

    /// From rows of knowledge_notes, as far as their own tenant may see them.
    pub fn shown(ctx: &Context, rows: &[Row]) -> Vec<Self> {
        let with_origin = |row| Self {
            origin: Origin::from_row(row),
            ..Self::from_row(row)
        };
        ctx.reveal(rows.iter().map(with_origin).collect(), Show::Own)
    }

    /// From a row of knowledge_notes, as it is stored.
    pub fn from_row(row: &Row) -> Self {
        let sealed: Option<Vec<u8>> = row.get("sealed");
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
            superseded_by: row.get("superseded_by"),
            times: row.get("times"),
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
            sensitivity: row.get("sensitivity"),
            encrypted: sealed.is_some(),
            origin: None,
            sealed: sealed.map(Sealed),
        }
    }
}

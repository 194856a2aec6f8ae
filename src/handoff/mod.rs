//! Handoffs: what an agent leaves for its next session.

mod create;
mod decrypt;
mod delete;
mod get;
mod last;
mod list;
mod stats;

pub use create::{Create, NewHandoff, put};
pub use decrypt::Decrypt;
pub use delete::Delete;
pub use get::Get;
pub use last::Last;
pub use list::List;
pub use stats::Stats;

use crate::db::{Columns, Row};
use crate::endpoint::Endpoint;
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
    Endpoint::of::<List>(),
    Endpoint::of::<Last>(),
    Endpoint::of::<Stats>(),
    Endpoint::of::<Get>(),
    Endpoint::of::<Delete>(),
    Endpoint::of::<Decrypt>(),
];

/// A handoff as clients see it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Handoff {
    /// Its id, `sh_…`.
    pub handoff_id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// The session that wrote it.
    pub session_id: String,
    /// Whom the session was with.
    pub with_whom: String,
    /// What happened.
    pub experienced: Option<String>,
    /// What stood out.
    pub noticed: Option<String>,
    /// What was understood.
    pub learned: Option<String>,
    /// The session as a story.
    pub story: Option<String>,
    /// Who the agent is becoming.
    pub becoming: Option<String>,
    /// What must not be forgotten.
    pub remember: Option<String>,
    /// How much it matters, 0 to 1.
    pub significance: f64,
    /// Its labels.
    pub tags: Vec<String>,
    /// none, low, medium, high or secret.
    pub sensitivity: String,
    /// Whether its texts are sealed in the database.
    pub encrypted: bool,
    /// The project it belongs to.
    pub project_path: Option<String>,
    /// full, summary, quick_ref or integrated.
    pub compression_level: String,
    /// What stands for it at its level, made of its most telling sentences; its texts stay as they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compressed: Option<String>,
    /// The handoff it replaces.
    #[serde(default)]
    pub supersedes: Option<String>,
    /// The handoff that replaced it.
    #[serde(default)]
    pub superseded_by: Option<String>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// Who wrote it, and how it came; not in exports.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// In exports of sealed handoffs: the texts, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

impl Sealable for Handoff {
    fn id(&self) -> String {
        self.handoff_id.clone()
    }
    fn sensitivity(&mut self) -> &mut String {
        &mut self.sensitivity
    }
    fn sealed(&mut self) -> &mut Option<Sealed> {
        &mut self.sealed
    }
    fn texts(&mut self) -> Vec<(String, &mut String)> {
        [
            ("experienced", &mut self.experienced),
            ("noticed", &mut self.noticed),
            ("learned", &mut self.learned),
            ("story", &mut self.story),
            ("becoming", &mut self.becoming),
            ("remember", &mut self.remember),
            ("compressed", &mut self.compressed),
        ]
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), text.as_mut()?)))
        .collect()
    }
}

impl Handoff {
    /// From rows of session_handoffs, as far as their own tenant may see them.
    pub fn shown(ctx: &Context, rows: &[Row]) -> Vec<Self> {
        let with_origin = |row| Self {
            origin: Origin::from_row(row),
            ..Self::from_row(row)
        };
        ctx.reveal(rows.iter().map(with_origin).collect(), Show::Own)
    }

    /// From a row of session_handoffs, as it is stored.
    pub fn from_row(row: &Row) -> Self {
        let sealed: Option<Vec<u8>> = row.get("sealed");
        Self {
            handoff_id: row.get("handoff_id"),
            tenant_id: row.get("tenant_id"),
            session_id: row.get("session_id"),
            with_whom: row.get("with_whom"),
            experienced: row.get("experienced"),
            noticed: row.get("noticed"),
            learned: row.get("learned"),
            story: row.get("story"),
            becoming: row.get("becoming"),
            remember: row.get("remember"),
            significance: row.get("significance"),
            tags: row.get("tags"),
            sensitivity: row.get("sensitivity"),
            encrypted: sealed.is_some(),
            project_path: row.get("project_path"),
            compression_level: row.get("compression_level"),
            compressed: row.get("compressed"),
            supersedes: row.get("supersedes"),
            superseded_by: row.get("superseded_by"),
            created_at: row.get("created_at"),
            origin: None,
            sealed: sealed.map(Sealed),
        }
    }

    /// The columns of a new handoff, in the order of sql/handoff/create.sql.
    pub fn new_columns<'a>(handoffs: &[&'a Self]) -> Columns<'a> {
        let origins = || handoffs.iter().map(|handoff| handoff.origin.as_ref());
        Self::columns(handoffs)
            .maybe_texts(origins().map(|origin| origin?.by.as_deref()))
            .maybe_texts(origins().map(|origin| Some(&*origin?.how)))
    }

    /// The columns that sql/export/import_handoffs.sql begins with.
    pub fn columns<'a>(handoffs: &[&'a Self]) -> Columns<'a> {
        let rows = || handoffs.iter().copied();
        Columns::default()
            .texts(rows().map(|h| h.tenant_id.as_str()))
            .texts(rows().map(|h| h.handoff_id.as_str()))
            .texts(rows().map(|h| h.session_id.as_str()))
            .texts(rows().map(|h| h.with_whom.as_str()))
            .maybe_texts(rows().map(|h| h.experienced.as_deref()))
            .maybe_texts(rows().map(|h| h.noticed.as_deref()))
            .maybe_texts(rows().map(|h| h.learned.as_deref()))
            .maybe_texts(rows().map(|h| h.story.as_deref()))
            .maybe_texts(rows().map(|h| h.becoming.as_deref()))
            .maybe_texts(rows().map(|h| h.remember.as_deref()))
            .numbers(rows().map(|h| h.significance))
            .text_arrays(rows().map(|h| h.tags.as_slice()))
            .texts(rows().map(|h| h.sensitivity.as_str()))
            .maybe_texts(rows().map(|h| h.project_path.as_deref()))
            .texts(rows().map(|h| h.compression_level.as_str()))
            .instants(rows().map(|h| h.created_at))
            .maybe_bytes(rows().map(|h| h.sealed.as_ref().map(|sealed| sealed.0.as_slice())))
            .maybe_texts(rows().map(|h| h.supersedes.as_deref()))
            .maybe_texts(rows().map(|h| h.superseded_by.as_deref()))
    }

    /// As recall knows it; none of a sealed one.
    pub fn item(&self, tenant: i32) -> Option<Item> {
        let mut item = Item {
            tenant_id: self.tenant_id.clone(),
            item_id: self.handoff_id.clone(),
            kind: "handoff",
            session_id: Some(self.session_id.clone()),
            with_whom: Some(self.with_whom.clone()),
            project: self.project_path.clone(),
            sensitivity: self.sensitivity.clone(),
            tags: self.tags.clone(),
            at: self.created_at,
            valid_from: self.created_at,
            ..Item::default()
        };
        for (place, (_, text)) in (0..).zip(self.said()) {
            text.into_iter()
                .for_each(|text| item.say(tenant, place, text));
        }
        self.sealed.is_none().then_some(item)
    }

    /// The texts by their names, in the order of the contract.
    pub fn said(&self) -> [(&'static str, Option<&str>); 6] {
        [
            ("experienced", self.experienced.as_deref()),
            ("noticed", self.noticed.as_deref()),
            ("learned", self.learned.as_deref()),
            ("story", self.story.as_deref()),
            ("becoming", self.becoming.as_deref()),
            ("remember", self.remember.as_deref()),
        ]
    }
}

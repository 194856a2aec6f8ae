//! Events: what happened, word for word.

mod batch;
mod content;
mod get;
mod list;
mod record;
mod say;
mod unit;

pub use batch::Batch;
pub use content::{Content, judge};
pub use get::Get;
pub use list::List;
pub use record::Record;
pub use say::{Words, say};
pub use unit::{CHUNK, NewEvents};

use crate::db::{Json, Row};
use crate::endpoint::Endpoint;
use crate::operation::Context;
use crate::origin::Origin;
use crate::recall::Item;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[
    Endpoint::of::<Record>(),
    Endpoint::of::<Batch>(),
    Endpoint::of::<Get>(),
    Endpoint::of::<List>(),
];

/// An event as clients see it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Event {
    /// Its id, `evt_…`.
    pub event_id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// The session it happened in.
    pub session_id: String,
    /// private, public, team or agent.
    pub channel: String,
    /// Who did it.
    pub actor: Actor,
    /// message, tool_call, tool_result, decision, task_update or artifact.
    pub kind: String,
    /// What was sent, word for word.
    pub content: Content,
    /// none, low, medium, high or secret.
    pub sensitivity: String,
    /// Its labels.
    pub tags: Vec<String>,
    /// What it refers to.
    pub refs: Vec<String>,
    /// How far it reaches.
    pub scope: Option<String>,
    /// What kind of thing it is about.
    pub subject_type: Option<String>,
    /// Which one.
    pub subject_id: Option<String>,
    /// The project it belongs to.
    pub project_id: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// The passages of its text.
    pub chunk_ids: Vec<String>,
    /// The bytes it produced.
    pub artifact_id: Option<String>,
    /// Who wrote it, and how it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// Who did something.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Actor {
    /// human, agent or tool.
    #[serde(rename = "type")]
    pub actor_type: String,
    /// Which one.
    pub id: String,
}

impl Event {
    /// What recall knows of each of its chunks, but for their words; from a row of events.
    pub fn item(row: &Row) -> Item {
        let at = row.get("at");
        Item {
            tenant_id: row.get("tenant_id"),
            session_id: row.get("session_id"),
            actor: row.get("actor_id"),
            role: row.get("actor_type"),
            project: row.get("project_id"),
            channel: row.get("channel"),
            sensitivity: row.get("sensitivity"),
            tags: row.get("tags"),
            at,
            valid_from: at,
            ..Item::default()
        }
    }

    /// From a row of event/get or event/list, as far as its own tenant may see it.
    pub fn shown(ctx: &Context, row: &Row) -> Self {
        let content: Json<Box<RawValue>> = row.get("content");
        let (sensitivity, sealed) = (row.get("sensitivity"), row.get("sealed"));
        let content = ctx
            .content(row.get("event_id"), sensitivity, sealed)
            .unwrap_or(content.0);
        Self {
            origin: Origin::from_row(row),
            event_id: row.get("event_id"),
            tenant_id: row.get("tenant_id"),
            session_id: row.get("session_id"),
            channel: row.get("channel"),
            actor: Actor {
                actor_type: row.get("actor_type"),
                id: row.get("actor_id"),
            },
            kind: row.get("kind"),
            content: Content::verbatim(content),
            sensitivity: row.get("sensitivity"),
            tags: row.get("tags"),
            refs: row.get("refs"),
            scope: row.get("scope"),
            subject_type: row.get("subject_type"),
            subject_id: row.get("subject_id"),
            project_id: row.get("project_id"),
            at: row.get("at"),
            created_at: row.get("created_at"),
            chunk_ids: row.get("chunk_ids"),
            artifact_id: row.get("artifact_id"),
        }
    }
}

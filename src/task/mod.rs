//! Tasks: what is to be done, each by one agent, in the order in which one waits for another.

mod claim;
mod complete;
mod create;
mod get;
mod list;
mod release;

pub use claim::Claim;
pub use complete::Complete;
pub use create::Create;
pub use get::Get;
pub use list::List;
pub use release::Release;

use crate::db::{Row, Tx};
use crate::endpoint::Endpoint;
use crate::error::{Error, Result};
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
    Endpoint::of::<Get>(),
    Endpoint::of::<Claim>(),
    Endpoint::of::<Release>(),
    Endpoint::of::<Complete>(),
];

/// A task as clients see it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Task {
    /// Its id, `tsk_…`.
    pub task_id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// What is to be done.
    pub title: String,
    /// What there is to know about it.
    pub description: Option<String>,
    /// The higher, the earlier it is claimed.
    pub priority: i32,
    /// The project it belongs to.
    pub project_path: Option<String>,
    /// Its labels.
    pub tags: Vec<String>,
    /// Who asked for it.
    pub created_by: Option<String>,
    /// open, claimed, done, failed or cancelled.
    pub status: String,
    /// The agent that claimed it.
    pub claimed_by: Option<String>,
    /// Since when.
    pub claimed_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// The tasks that have to be done before it.
    #[serde(default)]
    pub depends_on: Vec<String>,
    /// Those of them that are not done yet: while there are any, nobody can claim it.
    #[serde(default)]
    pub waits_for: Vec<String>,
    /// none, low, medium, high or secret, by what stands in it.
    pub sensitivity: String,
    /// Whether its texts are sealed in the database.
    #[serde(default)]
    pub encrypted: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// In exports of sealed tasks: the texts, encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

impl Sealable for Task {
    fn id(&self) -> String {
        self.task_id.clone()
    }
    fn sensitivity(&mut self) -> &mut String {
        &mut self.sensitivity
    }
    fn sealed(&mut self) -> &mut Option<Sealed> {
        &mut self.sealed
    }
    fn texts(&mut self) -> Vec<(String, &mut String)> {
        let title = std::iter::once(("title".to_owned(), &mut self.title));
        let description = self.description.as_mut();
        title
            .chain(description.map(|text| ("description".to_owned(), text)))
            .collect()
    }
}

impl Task {
    /// From rows of tasks_seen, as far as their own tenant may see them.
    pub fn shown(ctx: &Context, rows: &[Row]) -> Vec<Self> {
        ctx.reveal(rows.iter().map(Self::from_row).collect(), Show::Own)
    }

    /// The task of this id.
    pub async fn find(ctx: &Context, id: &str) -> Result<Self> {
        let rows = ctx.read(sql!("task/get"), &[&id]).await?;
        Self::shown(ctx, &rows)
            .pop()
            .ok_or_else(|| Error::not_found("no task by that id").field("id"))
    }

    /// Writes it unless it is there; whether it was not. What it depends on is written as edges.
    pub async fn store(&self, tx: &Tx, tenant: &str) -> Result<bool> {
        let sealed = self.sealed.as_ref().map(|sealed| sealed.0.as_slice());
        let stored = tx
            .first(
                sql!("task/create"),
                &[
                    &tenant,
                    &self.task_id,
                    &self.title,
                    &self.description,
                    &self.priority,
                    &self.project_path,
                    &self.tags,
                    &self.created_by,
                    &self.status,
                    &self.claimed_by,
                    &self.claimed_at,
                    &self.ended_at,
                    &self.sensitivity,
                    &sealed,
                    &self.created_at,
                    &self.updated_at,
                ],
            )
            .await?;
        Ok(stored.is_some())
    }

    /// From a row of tasks_seen, as it is stored.
    pub fn from_row(row: &Row) -> Self {
        let sealed: Option<Vec<u8>> = row.get("sealed");
        Self {
            task_id: row.get("task_id"),
            tenant_id: row.get("tenant_id"),
            title: row.get("title"),
            description: row.get("description"),
            priority: row.get("priority"),
            project_path: row.get("project_path"),
            tags: row.get("tags"),
            created_by: row.get("created_by"),
            status: row.get("status"),
            claimed_by: row.get("claimed_by"),
            claimed_at: row.get("claimed_at"),
            ended_at: row.get("ended_at"),
            depends_on: row.get("depends_on"),
            waits_for: row.get("waits_for"),
            sensitivity: row.get("sensitivity"),
            encrypted: sealed.is_some(),
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
            sealed: sealed.map(Sealed),
        }
    }
}

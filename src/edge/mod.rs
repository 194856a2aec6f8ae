//! Edges: typed links between memories, and whatever else has a name.

mod create;
mod delete;
mod link;
mod list;
mod traverse;
mod update;

pub use create::Create;
pub use delete::Delete;
pub use link::{link, put};
pub use list::List;
pub use traverse::Traverse;
pub use update::Update;

use crate::db::Row;
use crate::endpoint::Endpoint;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[
    Endpoint::of::<Create>(),
    Endpoint::of::<List>(),
    Endpoint::of::<Traverse>(),
    Endpoint::of::<Update>(),
    Endpoint::of::<Delete>(),
];

/// What a link says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum EdgeType {
    /// The first contains or leads to the second; in no circle.
    ParentOf,
    /// The same from the other end.
    ChildOf,
    /// The first mentions the second.
    References,
    /// The first was made by the second; in no circle.
    CreatedBy,
    /// They have to do with each other, both ways.
    RelatedTo,
    /// The first waits for the second; in no circle.
    DependsOn,
}

impl EdgeType {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ParentOf => "parent_of",
            Self::ChildOf => "child_of",
            Self::References => "references",
            Self::CreatedBy => "created_by",
            Self::RelatedTo => "related_to",
            Self::DependsOn => "depends_on",
        }
    }
}

/// A link as clients see it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Edge {
    /// Its id, `edg_…`.
    pub edge_id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// Where it begins.
    pub from_id: String,
    /// Where it ends.
    pub to_id: String,
    /// What it says.
    pub edge_type: EdgeType,
    /// How strong it is, 0 to 1.
    pub weight: f64,
    /// Who made it.
    pub created_by: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Edge {
    /// From a row of edges.
    pub fn from_row(row: &Row) -> Self {
        Self {
            edge_id: row.get("edge_id"),
            tenant_id: row.get("tenant_id"),
            from_id: row.get("from_id"),
            to_id: row.get("to_id"),
            edge_type: match row.get("edge_type") {
                "parent_of" => EdgeType::ParentOf,
                "child_of" => EdgeType::ChildOf,
                "references" => EdgeType::References,
                "created_by" => EdgeType::CreatedBy,
                "depends_on" => EdgeType::DependsOn,
                _ => EdgeType::RelatedTo,
            },
            weight: row.get("weight"),
            created_by: row.get("created_by"),
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
        }
    }
}

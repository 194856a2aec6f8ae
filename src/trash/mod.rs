//! The trash: what was deleted and can come back for 30 days.

mod list;
mod restore;

pub use list::List;
pub use restore::Restore;

use crate::endpoint::Endpoint;
use schemars::JsonSchema;
use serde::Serialize;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<List>(), Endpoint::of::<Restore>()];

/// Days that something stays in the trash.
pub const DAYS: i64 = 30;

/// What became of a deleted memory.
#[derive(Serialize, JsonSchema)]
pub struct Deleted {
    /// Always true.
    success: bool,
    /// What was deleted.
    id: String,
    /// Whether it is gone for good.
    erased: bool,
    /// A sentence for people.
    message: &'static str,
}

impl Deleted {
    /// The reply to a delete.
    pub fn new(id: String, erased: bool) -> Self {
        let message = if erased {
            "Erased for good."
        } else {
            "In the trash for 30 days; POST /api/v1/trash/{id}/restore brings it back."
        };
        Self {
            success: true,
            id,
            erased,
            message,
        }
    }
}

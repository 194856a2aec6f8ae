//! Where a memory comes from: who wrote it, and how it came.

use crate::db::Row;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Who wrote a memory, and how it came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The agent that said so (X-Agent-Id), else the key it came with; null where neither is known.
    pub by: Option<String>,
    /// agent, hook, gateway, import, or consolidation.
    pub how: Cow<'static, str>,
}

impl Origin {
    /// Of a caller.
    pub fn of(by: Option<String>, how: &'static str) -> Self {
        Self {
            by,
            how: how.into(),
        }
    }

    /// From a row that says it; none of what is older than that.
    pub fn from_row(row: &Row) -> Option<Self> {
        let how = row.try_get::<_, Option<String>>("written_how").ok()??;
        let by = row.try_get("written_by").ok()?;
        Some(Self {
            by,
            how: how.into(),
        })
    }
}

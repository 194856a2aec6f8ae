//! edit_list

use super::Edit;
use crate::db::Value;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::{Int, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Edits, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Only with this status.
    status: Option<Status>,
    /// Only of this memory.
    target_id: Option<Name>,
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 100, 20>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

/// What became of an edit.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Status {
    /// Nobody decided yet.
    Pending,
    /// It took effect.
    Approved,
    /// It did not, or no longer.
    Rejected,
}

/// A page of edits.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EditList")]
pub struct Output {
    /// How many are on this page.
    count: usize,
    /// The edits.
    edits: Vec<Edit>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists edits.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "edit_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/edits";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let (at, id) = input.cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
        let status = input.status.map(|status| match status {
            Status::Pending => "pending",
            Status::Approved => "approved",
            Status::Rejected => "rejected",
        });
        let (target, most) = (input.target_id.as_deref(), i64::from(limit + 1));
        let params: [&dyn Value; 5] = [&status, &target, &at, &id, &most];
        let rows = ctx.read(sql!("edit/list"), &params).await?;
        let mut edits = Edit::shown(ctx, &rows)?;
        let next_cursor = page(&mut edits, limit, |last| Cursor {
            at: last.created_at,
            id: last.edit_id.clone(),
        });
        Ok(Output {
            count: edits.len(),
            edits,
            next_cursor,
        })
    }
}

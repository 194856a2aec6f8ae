//! handoff_list

use super::Handoff;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::{Instant, Int, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Handoffs, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Only sessions with this person or agent.
    with_whom: Option<Name>,
    /// Only of this project.
    project_path: Option<String>,
    /// Only with this label.
    tag: Option<Name>,
    /// From this instant on.
    since: Option<Instant>,
    /// Before this instant.
    until: Option<Instant>,
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 100, 10>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

/// A page of handoffs.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Whose they are.
    tenant_id: String,
    /// How many are on this page.
    count: usize,
    /// The handoffs.
    handoffs: Vec<Handoff>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists handoffs.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "handoff_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/handoffs";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let (at, id) = input.cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
        let rows = ctx
            .read(
                sql!("handoff/list"),
                &[
                    &input.with_whom.as_deref(),
                    &input.project_path,
                    &input.tag.as_deref(),
                    &input.since.map(Instant::get),
                    &input.until.map(Instant::get),
                    &at,
                    &id,
                    &i64::from(limit + 1),
                ],
            )
            .await?;
        let mut handoffs: Vec<Handoff> = Handoff::shown(ctx, &rows);
        let next_cursor = page(&mut handoffs, limit, |last| Cursor {
            at: last.created_at,
            id: last.handoff_id.clone(),
        });
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            count: handoffs.len(),
            handoffs,
            next_cursor,
        })
    }
}

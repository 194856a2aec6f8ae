//! decision_list

use super::Decision;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::{Int, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Decisions, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Only those in force, or only those that were replaced.
    status: Option<Status>,
    /// Only of this project.
    project_path: Option<Name>,
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 100, 20>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

/// Whether a decision is in force.
#[derive(Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Status {
    /// In force.
    Active,
    /// Replaced by another.
    Superseded,
}

/// A page of decisions.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    tenant_id: String,
    /// How many are on this page.
    count: usize,
    decisions: Vec<Decision>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists decisions.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "decision_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/decisions";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let (at, id) = input.cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
        let in_force = input.status.map(|status| status == Status::Active);
        let project = input.project_path.as_deref();
        let rows = ctx
            .read(
                sql!("decision/list"),
                &[&in_force, &project, &at, &id, &i64::from(limit + 1)],
            )
            .await?;
        let mut decisions: Vec<Decision> = Decision::shown(ctx, &rows);
        let next_cursor = page(&mut decisions, limit, |last| Cursor {
            at: last.created_at,
            id: last.decision_id.clone(),
        });
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            count: decisions.len(),
            decisions,
            next_cursor,
        })
    }
}

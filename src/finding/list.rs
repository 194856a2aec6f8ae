//! finding_list

use super::Finding;
use crate::db::Value;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::{Int, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What agents found out, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Only what came of this task.
    task_id: Option<Name>,
    /// Only what this agent found.
    agent_id: Option<Name>,
    /// Only with this label.
    tag: Option<Name>,
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 1000, 50>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

/// A page of findings.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FindingList")]
pub struct Output {
    /// How many are on this page.
    count: usize,
    /// The findings.
    findings: Vec<Finding>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists findings.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "finding_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/findings";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let (at, id) = input.cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
        let (task, agent, tag) = (
            input.task_id.as_deref(),
            input.agent_id.as_deref(),
            input.tag.as_deref(),
        );
        let most = i64::from(limit + 1);
        let params: [&dyn Value; 6] = [&task, &agent, &tag, &at, &id, &most];
        let rows = ctx.read(sql!("finding/list"), &params).await?;
        let mut findings = Finding::shown(ctx, &rows);
        let next_cursor = page(&mut findings, limit, |last| Cursor {
            at: last.created_at,
            id: last.finding_id.clone(),
        });
        Ok(Output {
            count: findings.len(),
            findings,
            next_cursor,
        })
    }
}

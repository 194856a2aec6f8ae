//! identity_thread

use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::Int;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every statement of becoming, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 1000, 100>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

/// A page of the thread.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    tenant_id: String,
    /// Statements in the whole thread.
    total_statements: i64,
    identity_thread: Vec<Statement>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// What the agent said of itself.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "IdentityStatement")]
pub struct Statement {
    handoff_id: String,
    becoming: String,
    created_at: DateTime<Utc>,
    significance: f64,
}

/// Reads the identity thread.
pub struct Thread;

impl Operation for Thread {
    const NAME: &'static str = "identity_thread";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/identity-thread";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let (at, id) = input.cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
        let mut rows = ctx
            .place
            .db
            .read_all(
                &ctx.tenant,
                &[
                    (sql!("identity/count"), &[]),
                    (sql!("identity/thread"), &[&at, &id, &i64::from(limit + 1)]),
                ],
            )
            .await?;
        let mut thread: Vec<Statement> = rows
            .pop()
            .unwrap_or_default()
            .iter()
            .map(|row| statement(ctx, row))
            .collect();
        let total = rows
            .pop()
            .and_then(|rows| rows.first().map(|row| row.get(0)))
            .unwrap_or(0);
        let next_cursor = page(&mut thread, limit, |last| Cursor {
            at: last.created_at,
            id: last.handoff_id.clone(),
        });
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            total_statements: total,
            identity_thread: thread,
            next_cursor,
        })
    }
}

fn statement(ctx: &Context, row: &crate::db::Row) -> Statement {
    let handoff_id: String = row.get(0);
    let opened = ctx.opened(&handoff_id, row.get(4), row.get(5));
    Statement {
        becoming: opened.text(&["becoming"]).unwrap_or_else(|| row.get(1)),
        handoff_id,
        created_at: row.get(2),
        significance: row.get(3),
    }
}

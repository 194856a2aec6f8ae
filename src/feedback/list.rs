//! feedback_list

use super::{Feedback, Severity, Status};
use crate::db::Value;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::{Int, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Feedback, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Only about this.
    category: Option<Name>,
    /// Only of this kind.
    #[serde(rename = "type")]
    kind: Option<Name>,
    /// Only what matters so much.
    severity: Option<Severity>,
    /// Only what became of this.
    status: Option<Status>,
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 1000, 50>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

/// A page of feedback.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FeedbackList")]
pub struct Output {
    /// How many are on this page.
    count: usize,
    /// The feedback.
    feedback: Vec<Feedback>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists feedback.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "feedback_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/feedback";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let (at, id) = input.cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
        let (category, kind) = (input.category.as_deref(), input.kind.as_deref());
        let severity = input.severity.map(Severity::as_str);
        let status = input.status.map(Status::as_str);
        let most = i64::from(limit + 1);
        let params: [&dyn Value; 7] = [&category, &kind, &severity, &status, &at, &id, &most];
        let rows = ctx.read(sql!("feedback/list"), &params).await?;
        let mut feedback = Feedback::shown(ctx, &rows);
        let next_cursor = page(&mut feedback, limit, |last| Cursor {
            at: last.created_at,
            id: last.feedback_id.clone(),
        });
        Ok(Output {
            count: feedback.len(),
            feedback,
            next_cursor,
        })
    }
}

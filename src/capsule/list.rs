//! capsule_list

use super::Capsule;
use crate::db::Value;
use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::page::{Cursor, page};
use crate::sql;
use crate::types::{Int, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Capsules that an agent made or that are for it, newest first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The agent that asks.
    agent_id: Name,
    /// Only about this kind of thing.
    subject_type: Option<Name>,
    /// Only about this one.
    subject_id: Option<Name>,
    /// How many at most.
    #[serde(default)]
    limit: Int<1, 100, 20>,
    /// Where the page before ended.
    cursor: Option<Cursor>,
}

/// A page of capsules.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CapsuleList")]
pub struct Output {
    /// How many are on this page.
    count: usize,
    /// The capsules.
    capsules: Vec<Capsule>,
    /// Ask with this for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Lists capsules.
pub struct List;

impl Operation for List {
    const NAME: &'static str = "capsule_list";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/capsules";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, input: Input) -> Result<Output> {
        let limit = input.limit.get();
        let (at, id) = input.cursor.map(|cursor| (cursor.at, cursor.id)).unzip();
        let (agent, kind, subject) = (
            &*input.agent_id,
            input.subject_type.as_deref(),
            input.subject_id.as_deref(),
        );
        let most = i64::from(limit + 1);
        let params: [&dyn Value; 7] = [&agent, &ctx.at, &kind, &subject, &at, &id, &most];
        let rows = ctx.read(sql!("capsule/list"), &params).await?;
        let mut capsules = Capsule::shown(ctx, &rows);
        let next_cursor = page(&mut capsules, limit, |last| Cursor {
            at: last.created_at,
            id: last.capsule_id.clone(),
        });
        Ok(Output {
            count: capsules.len(),
            capsules,
            next_cursor,
        })
    }
}

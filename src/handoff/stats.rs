//! handoff_stats

use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many handoffs there are, by sensitivity.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {}

/// Counts of handoffs.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    /// Whose they are.
    tenant_id: String,
    /// All of them.
    total: i64,
    /// Those whose texts are sealed in the database.
    encrypted: i64,
    /// Every level that occurs, and how often.
    by_sensitivity: BTreeMap<String, i64>,
}

/// Counts handoffs.
pub struct Stats;

impl Operation for Stats {
    const NAME: &'static str = "handoff_stats";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/handoffs/stats";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, _: Input) -> Result<Output> {
        let rows = ctx.read(sql!("handoff/stats"), &[]).await?;
        let by_sensitivity: BTreeMap<String, i64> =
            rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            total: by_sensitivity.values().sum(),
            encrypted: rows.iter().map(|row| row.get::<_, i64>(2)).sum(),
            by_sensitivity,
        })
    }
}

//! compression_stats

use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use crate::wake::{stratified::ratio, wake};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many tokens a wake-up takes beside all handoffs in full: measured on what is stored.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {}

/// Measured sizes.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    tenant_id: String,
    total_handoffs: i64,
    first_session: Option<DateTime<Utc>>,
    last_session: Option<DateTime<Utc>>,
    /// Characters of a handoff's texts, on average.
    avg_handoff_size_chars: f64,
    /// Tokens of all texts of all handoffs, at four characters a token.
    estimated_full_tokens: i64,
    /// Tokens of a wake-up with the person of the newest handoff.
    estimated_stratified_tokens: i64,
    compression_ratio: f64,
    savings_percent: f64,
}

/// Measures the compression.
pub struct Stats;

impl Operation for Stats {
    const NAME: &'static str = "compression_stats";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/memory/compression-stats";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, _: Input) -> Result<Output> {
        let Some(row) = ctx.first(sql!("compression/stats"), &[]).await? else {
            return Err(crate::error::Error::internal("an aggregate without a row"));
        };
        let (total, chars): (i64, i64) = (row.get("total"), row.get("chars"));
        let full = (chars as f64 / 4.0).ceil();
        let short = match row.get::<_, Option<String>>("newest_with") {
            Some(with_whom) => wake(ctx, &with_whom, None, 500).await?.token_count as f64,
            None => 0.0,
        };
        let saved = if full > 0.0 {
            (1.0 - short / full).max(0.0)
        } else {
            0.0
        };
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            total_handoffs: total,
            first_session: row.get("first_session"),
            last_session: row.get("last_session"),
            avg_handoff_size_chars: if total > 0 {
                (chars as f64 / total as f64 * 10.0).round() / 10.0
            } else {
                0.0
            },
            estimated_full_tokens: full as i64,
            estimated_stratified_tokens: short as i64,
            compression_ratio: ratio(full, short),
            savings_percent: (saved * 1000.0).round() / 10.0,
        })
    }
}

//! consolidation_stats

use super::{JOB, PRINCIPLE, Settings, half_life};
use crate::error::{Error, Result};
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What consolidation has made of the tenant's memory, counted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ConsolidationStatsInput")]
pub struct Input {}

/// The numbers.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConsolidationStats")]
pub struct Output {
    tenant_id: String,
    /// Runs that are done.
    runs: i64,
    /// Tokens by which what is shown grew smaller, in all runs that are remembered.
    tokens_saved: i64,
    handoffs: Handoffs,
    /// What at least three statements of becoming say.
    principles: i64,
    /// Those among them that are said more often lately.
    principles_growing: i64,
    /// Those that are said less.
    principles_fading: i64,
    /// Days, weeks and months that were reflected on.
    reflections: i64,
    decisions_archived: i64,
    /// Memories that are kept back as others say the same.
    duplicates: i64,
    /// Strength of handoffs and notes, faded since their last use: the mean, 0 to 1.
    mean_strength: f64,
    /// Handoffs and notes with a strength below 0.1.
    weak: i64,
}

/// Handoffs by what stands for them.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "HandoffsByLevel")]
pub struct Handoffs {
    full: i64,
    summary: i64,
    quick_ref: i64,
    integrated: i64,
}

/// Counts.
pub struct Stats;

impl Operation for Stats {
    const NAME: &'static str = "consolidation_stats";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/api/v1/consolidation/stats";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, _: Input) -> Result<Output> {
        let settings = Settings::of(
            &ctx.app.config.consolidation,
            &ctx.place.record.consolidation,
        );
        let slowed = half_life(1.0, 1.0) - 1.0;
        let row = ctx
            .first(
                sql!("consolidation/stats"),
                &[&JOB, &PRINCIPLE, &ctx.at, &settings.half_life, &slowed],
            )
            .await?
            .ok_or_else(|| Error::internal("an aggregate without a row"))?;
        let count = |name: &str| row.get::<_, i64>(name);
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            runs: count("runs"),
            tokens_saved: count("tokens_saved"),
            handoffs: Handoffs {
                full: count("full_count"),
                summary: count("summary"),
                quick_ref: count("quick_ref"),
                integrated: count("integrated"),
            },
            principles: count("principles"),
            principles_growing: count("growing"),
            principles_fading: count("fading"),
            reflections: count("reflections"),
            decisions_archived: count("archived"),
            duplicates: count("duplicates"),
            // Three digits: it fades while one looks.
            mean_strength: (row.get::<_, f64>("mean_strength") * 1000.0).round() / 1000.0,
            weak: count("weak"),
        })
    }
}

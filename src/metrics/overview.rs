//! metrics

use crate::error::Result;
use crate::operation::{Access, Context, Method, Operation};
use crate::sql;
use chrono::{DateTime, Duration, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A tenant's numbers and the server's. A scraper that accepts text/plain gets Prometheus' exposition of the server's instead.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {}

/// The numbers.
#[derive(Serialize, JsonSchema)]
pub struct Output {
    tenant_id: String,
    timestamp: DateTime<Utc>,
    events: Events,
    handoffs: Handoffs,
    decisions: Decisions,
    storage: Storage,
    requests: Requests,
    pool: Pool,
}

/// How many events.
#[derive(Serialize, JsonSchema)]
pub struct Events {
    by_kind: Vec<ByKind>,
    /// Those of the last day.
    recent_24h: i64,
}

/// How many events of a kind.
#[derive(Serialize, JsonSchema)]
pub struct ByKind {
    kind: String,
    count: i64,
}

/// How many handoffs, by their level of compression.
#[derive(Serialize, JsonSchema)]
pub struct Handoffs {
    total: i64,
    with_becoming: i64,
    full_count: i64,
    summary_count: i64,
    quick_ref_count: i64,
    integrated_count: i64,
}

/// How many decisions.
#[derive(Serialize, JsonSchema)]
pub struct Decisions {
    total: i64,
    active: i64,
    superseded: i64,
}

/// How much room there is.
#[derive(Serialize, JsonSchema)]
pub struct Storage {
    /// The whole database, all tenants.
    database_bytes: i64,
    /// Free under the embedded database; null for an external one.
    disk_free_bytes: Option<u64>,
}

/// Calls of this process since it started.
#[derive(Serialize, JsonSchema)]
pub struct Requests {
    ok: u64,
    refused: u64,
    failed: u64,
}

/// Database connections of this process.
#[derive(Serialize, JsonSchema)]
pub struct Pool {
    open: u32,
    idle: u32,
    max: u32,
}

/// Shows a tenant's numbers.
pub struct Overview;

impl Operation for Overview {
    const NAME: &'static str = "metrics";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/metrics";
    const ACCESS: Access = Access::Read;
    type Input = Input;
    type Output = Output;

    async fn run(ctx: &Context, _: Input) -> Result<Output> {
        let mut rows = ctx
            .place
            .db
            .read_all(
                &ctx.tenant,
                &[
                    (sql!("metrics/events"), &[]),
                    (sql!("metrics/counts"), &[&(ctx.at - Duration::hours(24))]),
                ],
            )
            .await?;
        let counts = rows.pop().and_then(|mut rows| rows.pop());
        let counts =
            counts.ok_or_else(|| crate::error::Error::internal("an aggregate without a row"))?;
        let by_kind = rows.pop().unwrap_or_default();
        let n = |name: &str| counts.get::<_, i64>(name);
        let (ok, refused, failed) = ctx.app.metrics.totals();
        let pool = ctx.app.db.state();
        Ok(Output {
            tenant_id: ctx.tenant.clone(),
            timestamp: ctx.at,
            events: Events {
                by_kind: by_kind
                    .iter()
                    .map(|row| ByKind {
                        kind: row.get(0),
                        count: row.get(1),
                    })
                    .collect(),
                recent_24h: n("events_recent"),
            },
            handoffs: Handoffs {
                total: n("handoffs"),
                with_becoming: n("with_becoming"),
                full_count: n("full_count"),
                summary_count: n("summary_count"),
                quick_ref_count: n("quick_ref_count"),
                integrated_count: n("integrated_count"),
            },
            decisions: Decisions {
                total: n("decisions"),
                active: n("active"),
                superseded: n("decisions") - n("active"),
            },
            storage: Storage {
                database_bytes: n("database_bytes"),
                disk_free_bytes: ctx.app.disk.free(),
            },
            requests: Requests {
                ok,
                refused,
                failed,
            },
            pool: Pool {
                open: pool.open,
                idle: pool.idle,
                max: pool.max,
            },
        })
    }
}

//! Counters and timers of this process, and the operation that shows a tenant's numbers.

mod overview;

pub use overview::Overview;

use crate::app::App;
use crate::backup::state::{State, Trouble};
use crate::endpoint::Endpoint;
use crate::error::{Error, Kind, Result};
use chrono::{DateTime, Utc};
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts,
    Registry, TextEncoder,
};
use std::collections::HashMap;
use std::time::Instant;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[Endpoint::of::<Overview>()];

/// Bounds of the latency histogram, in seconds.
const BOUNDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];

/// The process's counters. Each operation's are looked up once, at the start.
pub struct Metrics {
    registry: Registry,
    operations: HashMap<&'static str, Counters>,
    gauges: Gauges,
}

struct Counters {
    ok: IntCounter,
    refused: IntCounter,
    failed: IntCounter,
    seconds: Histogram,
}

struct Gauges {
    pool_open: IntGauge,
    pool_idle: IntGauge,
    pool_max: IntGauge,
    uptime: IntGauge,
    disk_free: IntGauge,
    backup_success: IntGauge,
    backup_verified: IntGauge,
    backup_bytes: IntGauge,
    backup_failed: IntGauge,
    backup_rto: IntGauge,
    backup_rto_target: IntGauge,
    backup_rpo_target: IntGauge,
}

/// Measures one call.
pub struct Timer<'a> {
    counters: Option<&'a Counters>,
    began: Instant,
}

impl Timer<'_> {
    /// The call has ended, with an error of this kind or well.
    pub fn stop(self, error: Option<Kind>) {
        let Some(counters) = self.counters else {
            return;
        };
        counters.seconds.observe(self.began.elapsed().as_secs_f64());
        match error {
            None => counters.ok.inc(),
            Some(Kind::Internal | Kind::Unavailable | Kind::Timeout | Kind::StorageFull) => {
                counters.failed.inc()
            }
            Some(_) => counters.refused.inc(),
        }
    }
}

impl Metrics {
    /// Counters for these operations.
    pub fn new(operations: impl Iterator<Item = &'static str>) -> Result<Self> {
        let build = || -> prometheus::Result<Self> {
            let registry = Registry::new();
            let requests = Opts::new(
                "agent_memory_requests_total",
                "Calls by operation and outcome (ok, refused, failed).",
            );
            let requests = IntCounterVec::new(requests, &["op", "outcome"])?;
            let seconds =
                HistogramOpts::new("agent_memory_request_seconds", "Seconds a call took.")
                    .buckets(BOUNDS.to_vec());
            let seconds = HistogramVec::new(seconds, &["op"])?;
            registry.register(Box::new(requests.clone()))?;
            registry.register(Box::new(seconds.clone()))?;
            let counters = |op: &'static str| {
                let counters = Counters {
                    ok: requests.with_label_values(&[op, "ok"]),
                    refused: requests.with_label_values(&[op, "refused"]),
                    failed: requests.with_label_values(&[op, "failed"]),
                    seconds: seconds.with_label_values(&[op]),
                };
                (op, counters)
            };
            let gauge = |name: &str, help: &str| -> prometheus::Result<IntGauge> {
                let gauge = IntGauge::new(name, help)?;
                registry.register(Box::new(gauge.clone()))?;
                Ok(gauge)
            };
            let gauges = Gauges {
                pool_open: gauge(
                    "agent_memory_pool_open",
                    "Open database connections for requests.",
                )?,
                pool_idle: gauge(
                    "agent_memory_pool_idle",
                    "Idle database connections for requests.",
                )?,
                pool_max: gauge(
                    "agent_memory_pool_max",
                    "The most database connections for requests.",
                )?,
                uptime: gauge(
                    "agent_memory_uptime_seconds",
                    "Seconds since the server began to serve.",
                )?,
                disk_free: gauge(
                    "agent_memory_disk_free_bytes",
                    "Bytes free under the embedded database.",
                )?,
                backup_success: gauge(
                    "agent_memory_backup_last_success_timestamp_seconds",
                    "When the newest whole backup was made; 0: never.",
                )?,
                backup_verified: gauge(
                    "agent_memory_backup_last_restored_for_trial_timestamp_seconds",
                    "When a backup was last restored for trial; 0: never.",
                )?,
                backup_bytes: gauge(
                    "agent_memory_backup_bytes",
                    "The size of the newest backup.",
                )?,
                backup_failed: gauge(
                    "agent_memory_backup_failed",
                    "1: the last backup or trial failed, or a backup is damaged.",
                )?,
                backup_rto: gauge(
                    "agent_memory_backup_restore_seconds",
                    "How long the last trial took to restore.",
                )?,
                backup_rto_target: gauge(
                    "agent_memory_backup_rto_target_seconds",
                    "How long a restore should take at most (RTO_TARGET).",
                )?,
                backup_rpo_target: gauge(
                    "agent_memory_backup_rpo_target_seconds",
                    "How old the newest backup should be at most (RPO_TARGET).",
                )?,
            };
            Ok(Self {
                operations: operations.map(counters).collect(),
                registry,
                gauges,
            })
        };
        build().map_err(Error::internal)
    }

    /// Begins to measure a call.
    pub fn start(&self, operation: &str) -> Timer<'_> {
        Timer {
            counters: self.operations.get(operation),
            began: Instant::now(),
        }
    }

    /// Calls by outcome since the start: (ok, refused, failed).
    pub fn totals(&self) -> (u64, u64, u64) {
        self.operations
            .values()
            .fold((0, 0, 0), |(ok, refused, failed), counters| {
                (
                    ok + counters.ok.get(),
                    refused + counters.refused.get(),
                    failed + counters.failed.get(),
                )
            })
    }

    /// Notes how it stands with backups.
    pub fn backups(&self, state: &State) {
        let at = |at: Option<DateTime<Utc>>| at.map_or(0, |at| at.timestamp());
        let gauges = &self.gauges;
        let failed = matches!(state.trouble(), Trouble::Failed | Trouble::Damaged);
        gauges.backup_success.set(at(state.last_success));
        gauges
            .backup_verified
            .set(at(state.last_restored_for_trial));
        gauges.backup_bytes.set(state.bytes as i64);
        gauges.backup_failed.set(failed.into());
        gauges
            .backup_rto
            .set(state.rto_seconds.unwrap_or_default().ceil() as i64);
        gauges
            .backup_rto_target
            .set(state.rto_target_seconds as i64);
        gauges
            .backup_rpo_target
            .set(state.rpo_target_seconds as i64);
    }

    /// The exposition text for Prometheus.
    pub fn exposition(&self, app: &App) -> Result<Vec<u8>> {
        let pool = app.db.state();
        self.gauges.pool_open.set(pool.open.into());
        self.gauges.pool_idle.set(pool.idle.into());
        self.gauges.pool_max.set(pool.max.into());
        self.gauges
            .uptime
            .set((crate::clock::now() - app.started).num_seconds());
        self.gauges
            .disk_free
            .set(app.disk.free().unwrap_or(0) as i64);
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .map_err(Error::internal)?;
        Ok(text)
    }
}

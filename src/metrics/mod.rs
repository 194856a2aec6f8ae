//! Counters and timers of this process, and the operation that shows a tenant's numbers.

mod gauges;
mod overview;

pub use gauges::Gauges;
pub use overview::Overview;

use crate::app::App;
use crate::endpoint::Endpoint;
use crate::error::{Error, Kind, Result};
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry,
    TextEncoder,
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
    /// What is set when numbers are told, or looked up.
    pub gauges: Gauges,
}

struct Counters {
    ok: IntCounter,
    refused: IntCounter,
    failed: IntCounter,
    seconds: Histogram,
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
            Ok(Self {
                operations: operations.map(counters).collect(),
                gauges: Gauges::new(&registry)?,
                registry,
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

    /// The exposition text for Prometheus.
    pub fn exposition(&self, app: &App) -> Result<Vec<u8>> {
        self.gauges.now(app);
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .map_err(Error::internal)?;
        Ok(text)
    }
}

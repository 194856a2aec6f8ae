//! Health, and what stands at the root.

use super::{Response, reply};
use crate::app::App;
use crate::backup::state::{Trouble, state};
use crate::error::{Error, Kind, Result};
use crate::jobs::maintenance::{growth, slow};
use crate::{clock, sql};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long what the owner sees holds.
const HOLDS: Duration = Duration::from_secs(5);

/// How consolidation is, how storage grew, which queries are slow, how it stands with backups.
type Looked = (Value, Value, Value, Value);

/// Answers without a key.
pub struct Health {
    app: Arc<App>,
    looked: Mutex<Option<(Instant, Looked)>>,
}

impl Health {
    /// For one server.
    pub fn new(app: Arc<App>) -> Self {
        Self {
            app,
            looked: Mutex::default(),
        }
    }

    /// /health and what is below it.
    pub async fn answer(&self, path: &str, method: &hyper::Method) -> Result<Response> {
        only_get(method)?;
        match path {
            "/health" => Ok(self.plain().await),
            "/health/live" => Ok(reply::health(true, &json!({"status": "alive"}))),
            "/health/ready" => Ok(self.ready().await),
            "/health/detailed" => Ok(self.detailed().await),
            _ => Err(Error::not_found(
                "no such path; GET /openapi.json lists them all",
            )),
        }
    }

    /// What this server is.
    pub fn about(&self, method: &hyper::Method) -> Result<Response> {
        only_get(method)?;
        let body = json!({
            "name": "Thread's Memory System",
            "version": env!("CARGO_PKG_VERSION"),
            "status": if self.app.is_draining() { "stopping" } else { "running" },
            "endpoints": {
                "openapi": "/openapi.json", "mcp": "/mcp", "health": "/health", "metrics": "/metrics",
                "handoff": "/api/v1/handoff", "wake_up": "/api/v1/wake-up", "recall": "/api/v1/recall",
            },
        });
        Ok(reply::content(
            "application/json",
            body.to_string().into_bytes(),
        ))
    }

    async fn plain(&self) -> Response {
        let connected = self.app.db.ping().await.is_ok();
        reply::health(
            connected,
            &json!({
                "status": if connected { "healthy" } else { "unhealthy" },
                "timestamp": clock::now(),
                "database": if connected { "connected" } else { "disconnected" },
                "uptime": self.uptime(),
                "version": env!("CARGO_PKG_VERSION"),
            }),
        )
    }

    /// The listener opens after the migrations: what answers here has its schema.
    async fn ready(&self) -> Response {
        let why = match (self.app.is_draining(), self.app.db.ping().await.is_ok()) {
            (true, _) => Some("stopping"),
            (false, false) => Some("the database cannot be reached"),
            (false, true) => None,
        };
        reply::health(
            why.is_none(),
            &json!({"status": if why.is_none() { "ready" } else { "not ready" }, "reason": why}),
        )
    }

    async fn detailed(&self) -> Response {
        let began = Instant::now();
        let connected = self.app.db.ping().await;
        let took = began.elapsed().as_secs_f64() * 1000.0;
        let pool = self.app.db.state();
        let (ok, refused, failed) = self.app.metrics.totals();
        let storage = self.app.disk.check();
        let (consolidation, growth, slow, backup) = self.owners().await;
        let checks = json!({
            "database": check(
                connected.is_ok(),
                if connected.is_ok() { "connected" } else { "cannot be reached" },
                Some(took),
                &json!({"pool": {"open": pool.open, "idle": pool.idle, "max": pool.max}}),
            ),
            "storage": check(
                storage.is_ok(),
                storage.as_ref().err().map_or("there is room", |error| error.message()),
                None,
                &json!({"free_bytes": self.app.disk.free(), "growth": growth}),
            ),
            "consolidation": consolidation,
            "performance": check(true, "counted since the start", None, &json!({"ok": ok, "refused": refused, "failed": failed, "slow_queries": slow})),
            "backup": backup,
        });
        let status = match (connected.is_ok(), storage.is_ok()) {
            (false, _) => "unhealthy",
            (true, false) => "degraded",
            (true, true) => "healthy",
        };
        let body = json!({"status": status, "checks": checks, "timestamp": clock::now(), "uptime": self.uptime()});
        reply::health(connected.is_ok(), &body)
    }

    /// Looks again where what is known is old: before numbers are told.
    pub async fn refresh(&self) {
        self.owners().await;
    }

    /// What only the owner sees: consolidation over all tenants, growth, slow queries. Looked up every few seconds at most, whoever asks.
    async fn owners(&self) -> Looked {
        let mut looked = self.looked.lock().await;
        if looked.as_ref().is_none_or(|(at, _)| at.elapsed() > HOLDS) {
            let new = match look(&self.app).await {
                Ok(found) => found,
                Err(error) => (
                    check(false, error.message(), None, &json!({})),
                    Value::Null,
                    Value::Null,
                    check(false, error.message(), None, &json!({})),
                ),
            };
            *looked = Some((Instant::now(), new));
        }
        looked
            .as_ref()
            .map(|(_, found)| found.clone())
            .unwrap_or_default()
    }

    fn uptime(&self) -> f64 {
        (clock::now() - self.app.started).num_milliseconds() as f64 / 1000.0
    }
}

async fn look(app: &App) -> Result<Looked> {
    let owner = app.owner.connect().await?;
    let now = clock::now();
    let day = now - chrono::Duration::days(1);
    let rows = owner
        .query(
            sql!("system/jobs_health"),
            &[&day, &(now - chrono::Duration::hours(1))],
        )
        .await?;
    let row = rows
        .first()
        .ok_or_else(|| Error::internal("an aggregate without a row"))?;
    let last: Option<DateTime<Utc>> = row.get(0);
    let (failed, late, running): (i64, i64, i64) = (row.get(1), row.get(2), row.get(3));
    let (status, message) = match (app.config.consolidation.enabled, failed, late, last) {
        (false, ..) => ("warn", "turned off"),
        (_, 1.., ..) => ("warn", "runs failed: agent-memory jobs history --failed"),
        (_, _, 1.., _) => ("warn", "runs wait for more than an hour"),
        (.., None) => ("pass", "not due yet"),
        _ => ("pass", "runs end well"),
    };
    let consolidation = json!({
        "status": status, "message": message,
        "details": {"last_success": last, "failed_24h": failed, "waiting": late, "running": running},
    });
    let growth = growth(&owner).await?.what;
    let slow = slow(&owner)
        .await?
        .into_iter()
        .map(|line| line.what)
        .collect::<Vec<_>>();
    let backups = state(&app.config, Some(&owner)).await?;
    let numbers = owner.query(sql!("system/numbers"), &[]).await?;
    let jobs = owner.query(sql!("system/numbers_of_jobs"), &[&day]).await?;
    let gauges = &app.metrics.gauges;
    gauges.database(numbers.first(), &jobs);
    gauges.backups(&backups);
    let (message, _) = backups.told();
    let status = match backups.trouble() {
        Trouble::None => "pass",
        _ => "warn",
    };
    let backup = json!({"status": status, "message": message, "details": backups});
    Ok((consolidation, growth.into(), slow.into(), backup))
}

fn check(pass: bool, message: &str, took: Option<f64>, details: &Value) -> Value {
    let mut check = json!({"status": if pass { "pass" } else { "fail" }, "message": message, "details": details});
    if let Some(took) = took {
        check["response_time_ms"] = ((took * 100.0).round() / 100.0).into();
    }
    check
}

fn only_get(method: &hyper::Method) -> Result<()> {
    match *method {
        hyper::Method::GET | hyper::Method::HEAD => Ok(()),
        _ => Err(Error::new(
            Kind::MethodNotAllowed,
            "method_not_allowed",
            "this path answers to GET only",
        )),
    }
}

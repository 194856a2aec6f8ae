//! What is measured now rather than counted: the pool, the disk, the database, jobs, backups.

use crate::app::App;
use crate::backup::state::{State, Trouble};
use crate::clock;
use chrono::{DateTime, Utc};
use prometheus::{IntCounter, IntGauge, IntGaugeVec, Opts, Registry, Result};
use tokio_postgres::Row;

/// The gauges of a process.
pub struct Gauges {
    pool_open: IntGauge,
    pool_idle: IntGauge,
    pool_max: IntGauge,
    uptime: IntGauge,
    disk_free: IntGauge,
    database_bytes: IntGauge,
    database_read: IntCounter,
    database_written: IntCounter,
    job_success: IntGaugeVec,
    job_failures: IntGaugeVec,
    backup_success: IntGauge,
    backup_verified: IntGauge,
    backup_bytes: IntGauge,
    backup_failed: IntGauge,
    backup_rto: IntGauge,
    backup_rto_target: IntGauge,
    backup_rpo_target: IntGauge,
}

impl Gauges {
    /// Gauges that the registry shows, and those of the process that Prometheus' own libraries have.
    pub fn new(registry: &Registry) -> Result<Self> {
        let process = prometheus::process_collector::ProcessCollector::for_self();
        registry.register(Box::new(process))?;
        let gauge = |name: &str, help: &str| -> Result<IntGauge> {
            let gauge = IntGauge::new(format!("agent_memory_{name}"), help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        let counter = |name: &str, help: &str| -> Result<IntCounter> {
            let counter = IntCounter::new(format!("agent_memory_{name}"), help)?;
            registry.register(Box::new(counter.clone()))?;
            Ok(counter)
        };
        let of_jobs = |name: &str, help: &str| -> Result<IntGaugeVec> {
            let gauge =
                IntGaugeVec::new(Opts::new(format!("agent_memory_{name}"), help), &["name"])?;
            registry.register(Box::new(gauge.clone()))?;
            Ok(gauge)
        };
        Ok(Self {
            pool_open: gauge("pool_open", "Open database connections for requests.")?,
            pool_idle: gauge("pool_idle", "Idle database connections for requests.")?,
            pool_max: gauge("pool_max", "The most database connections for requests.")?,
            uptime: gauge("uptime_seconds", "Seconds since the server began to serve.")?,
            disk_free: gauge("disk_free_bytes", "Bytes free under the embedded database.")?,
            database_bytes: gauge("database_bytes", "The database's size.")?,
            database_read: counter(
                "database_read_bytes_total",
                "Bytes that the database read from the disk, or from the system's cache of it.",
            )?,
            database_written: counter(
                "database_written_bytes_total",
                "Bytes of write-ahead log that the database server wrote.",
            )?,
            job_success: of_jobs(
                "job_last_success_timestamp_seconds",
                "When a job last ended well, on any server.",
            )?,
            job_failures: of_jobs(
                "job_failures_24h",
                "Runs of a job that failed in the last 24 hours, on any server.",
            )?,
            backup_success: gauge(
                "backup_last_success_timestamp_seconds",
                "When the newest whole backup was made; 0: never.",
            )?,
            backup_verified: gauge(
                "backup_last_restored_for_trial_timestamp_seconds",
                "When a backup was last restored for trial; 0: never.",
            )?,
            backup_bytes: gauge("backup_bytes", "The size of the newest backup.")?,
            backup_failed: gauge(
                "backup_failed",
                "1: the last backup or trial failed, or a backup is damaged.",
            )?,
            backup_rto: gauge(
                "backup_restore_seconds",
                "How long the last trial took to restore.",
            )?,
            backup_rto_target: gauge(
                "backup_rto_target_seconds",
                "How long a restore should take at most (RTO_TARGET).",
            )?,
            backup_rpo_target: gauge(
                "backup_rpo_target_seconds",
                "How old the newest backup should be at most (RPO_TARGET).",
            )?,
        })
    }

    /// Sets what is known without asking.
    pub fn now(&self, app: &App) {
        let pool = app.db.state();
        self.pool_open.set(pool.open.into());
        self.pool_idle.set(pool.idle.into());
        self.pool_max.set(pool.max.into());
        self.uptime.set((clock::now() - app.started).num_seconds());
        self.disk_free.set(app.disk.free().unwrap_or(0) as i64);
    }

    /// Sets what the database said: its own numbers, and a row a job.
    pub fn database(&self, database: Option<&Row>, jobs: &[Row]) {
        if let Some(row) = database {
            self.database_bytes.set(row.get(0));
            for (counter, column) in [(&self.database_read, 1), (&self.database_written, 2)] {
                counter.reset();
                counter.inc_by(row.get::<_, i64>(column).unsigned_abs());
            }
        }
        for row in jobs {
            let job: &str = row.get(0);
            let last: Option<DateTime<Utc>> = row.get(1);
            self.job_success
                .with_label_values(&[job])
                .set(last.map_or(0, |at| at.timestamp()));
            self.job_failures.with_label_values(&[job]).set(row.get(2));
        }
    }

    /// Sets how it stands with backups.
    pub fn backups(&self, state: &State) {
        let at = |at: Option<DateTime<Utc>>| at.map_or(0, |at| at.timestamp());
        let failed = matches!(state.trouble(), Trouble::Failed | Trouble::Damaged);
        self.backup_success.set(at(state.last_success));
        self.backup_verified.set(at(state.last_restored_for_trial));
        self.backup_bytes.set(state.bytes as i64);
        self.backup_failed.set(failed.into());
        self.backup_rto
            .set(state.rto_seconds.unwrap_or_default().ceil() as i64);
        self.backup_rto_target.set(state.rto_target_seconds as i64);
        self.backup_rpo_target.set(state.rpo_target_seconds as i64);
    }
}

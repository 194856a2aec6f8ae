//! The server as a value: built once, the only shared state.

use crate::cache::Cache;
use crate::config::Config;
use crate::db::{Db, Replica, Roles, Target, Tokens, Tx};
use crate::error::Result;
use crate::export::Streams;
use crate::key::find::Keys;
use crate::metrics::Metrics;
use crate::postgres::Disk;
use crate::seal::Vault;
use crate::tenant::{INSTALLATION, Places};
use crate::{clock, gateway, registry};
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Everything that requests and jobs share.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The database as the application's role.
    pub db: Db,
    /// The database as its owner, for maintenance over all tenants.
    pub owner: Target,
    /// All roles of the database, for backups and restores.
    pub roles: Roles,
    /// A read replica.
    pub replica: Option<Replica>,
    /// Tokens for writes.
    pub tokens: Tokens,
    /// Replies that hold for a moment.
    pub cache: Cache,
    /// Keys that were looked up a moment ago.
    pub keys: Keys,
    /// Where each tenant's requests work.
    pub places: Places,
    /// The installation's key, under which tenants' data keys are.
    pub vault: Vault,
    /// Places for exports and imports.
    pub streams: Streams,
    /// The disk under the embedded database.
    pub disk: Disk,
    /// Counters and timers.
    pub metrics: Metrics,
    /// When this process began to serve.
    pub started: DateTime<Utc>,
    /// Whether requests need a key.
    pub keys_on: bool,
    draining: AtomicBool,
}

impl App {
    /// Builds the server on a migrated database. Needs a runtime: the committers start here.
    pub fn new(config: Config, roles: Roles, disk: Disk) -> Result<Arc<Self>> {
        let settings = config.pool();
        let keys_on = config.keys_on()?;
        let application = &roles.application;
        let db = Db::new(application, settings);
        let replica = roles.replica.as_ref();
        let replica = replica.map(|target| Replica::new(Db::new(target, settings)));
        // Without a database of its own it works beside a server that looks after it.
        let attached = !config.is_external() && disk.free().is_none();
        Ok(Arc::new(Self {
            places: Places::new(
                db.clone(),
                application,
                config.shares(),
                replica.as_ref().map(|replica| replica.db.clone()),
            ),
            tokens: Tokens::new(&db, replica.is_some()),
            cache: Cache::new(&config, attached)?,
            replica,
            db,
            owner: roles.owner.clone(),
            roles,
            vault: Vault::new(config.encryption_key_file()),
            keys: Keys::default(),
            streams: Streams::default(),
            disk,
            metrics: Metrics::new(
                registry::all()
                    .chain([gateway::BLOCK])
                    .map(|endpoint| endpoint.name),
            )?,
            started: clock::now(),
            keys_on,
            draining: AtomicBool::new(false),
            config,
        }))
    }

    /// A transaction of the owner's, bound to the installation.
    pub async fn begin_as_owner(&self) -> Result<Tx> {
        Tx::of_owner(&self.owner, INSTALLATION).await
    }

    /// Says that the server is about to stop: not ready any more, and every reply closes its connection.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the server is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

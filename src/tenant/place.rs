//! Where a tenant's requests work: its connections, its committers, its limits. Looked up at most once a second and tenant.

use super::quota::{Limits, Quotas};
use crate::consolidation::Overrides;
use crate::db::{Committer, Db, Desk, Row, Target, Writer, migrate};
use crate::error::{Error, Result};
use crate::event::NewEvents;
use crate::handoff::NewHandoff;
use crate::recall::{Index, Upkeep};
use crate::seal::{DataKey, Vault};
use crate::sql;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a look-up holds: a change takes effect within a second.
const FRESH: Duration = Duration::from_millis(900);
/// A tenant that asked nothing for so long gives its own connections back.
const IDLE: Duration = Duration::from_secs(60);
/// The most tenants that are kept.
const MOST: usize = 20_000;

/// What the database says of a tenant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Whether it exists.
    pub exists: bool,
    /// Its number: no other tenant ever has it.
    pub number: i32,
    /// The number of its own schema, when it has one.
    pub schema: Option<i32>,
    /// Since when it is in the trash.
    pub deleted_at: Option<DateTime<Utc>>,
    /// The most it may use.
    pub quotas: Quotas,
    /// Its data key, wrapped, and the id of the key it is wrapped by.
    pub data_key: Option<(Vec<u8>, String)>,
    /// What differs for its consolidation.
    pub consolidation: Overrides,
}

impl Record {
    fn from_row(row: &Row) -> Self {
        let data_key: Option<Vec<u8>> = row.get("data_key");
        Self {
            exists: true,
            number: row.get("number"),
            schema: (row.get::<_, &str>("isolation") == "schema").then(|| row.get("number")),
            deleted_at: row.get("deleted_at"),
            quotas: Quotas::from_row(row),
            data_key: data_key.map(|key| (key, row.get("wrapped_by"))),
            consolidation: Overrides::read(row.get("consolidation")),
        }
    }
}

/// Where one tenant's requests work.
pub struct Place {
    /// What is known of it.
    pub record: Record,
    /// Its connections.
    pub db: Db,
    /// Writes its handoffs.
    pub handoffs: Committer<NewHandoff>,
    /// Writes its events.
    pub events: Committer<NewEvents>,
    /// Keeps recall's index.
    pub index: Index,
    /// Its limits.
    pub limits: Arc<Limits>,
    /// Its connections to the read replica, where there is one.
    replica: Option<Db>,
    /// Its share of the connections, when it has one of its own.
    share: Option<Arc<OwnedSemaphorePermit>>,
    /// Its data key, unwrapped when it is first needed.
    data_key: OnceLock<Arc<DataKey>>,
}

struct Kept {
    looked_up: Instant,
    asked: Instant,
    place: Arc<Place>,
}

/// The places of all tenants that asked lately.
pub struct Places {
    shared: Db,
    replica: Option<Db>,
    target: Target,
    handoffs: Committer<NewHandoff>,
    events: Committer<NewEvents>,
    writer: Writer,
    /// Keeps recall's indexes.
    pub upkeep: Arc<Upkeep>,
    /// Shares of the connections beside the shared ones; each is a reader and a writer.
    shares: Arc<Semaphore>,
    kept: Mutex<HashMap<String, Kept>>,
}

impl Places {
    /// Places on `shared`, with this many shares of connections for tenants that have a schema of their own.
    /// `replica` are the connections to a read replica.
    pub fn new(shared: Db, target: &Target, shares: u32, replica: Option<Db>) -> Self {
        let writer = Writer::default();
        let desk = desk(&shared, target, writer.clone(), "begin".into());
        Self {
            handoffs: Committer::start(desk.clone()),
            events: Committer::start(desk),
            target: target.clone(),
            shared,
            replica,
            writer,
            upkeep: Arc::default(),
            shares: Arc::new(Semaphore::new(shares as usize)),
            kept: Mutex::default(),
        }
    }

    /// A tenant's place; one that does not exist yet has one too.
    pub async fn of(&self, tenant: &str) -> Result<Arc<Place>> {
        if let Some(place) = self.fresh(tenant) {
            return Ok(place);
        }
        // What is found holds from now on, however long the answer takes.
        let asked = Instant::now();
        let rows = self.shared.system(sql!("tenant/find"), &[&tenant]).await?;
        let record = rows.first().map_or_else(Record::default, Record::from_row);
        Ok(self.keep(tenant, record, asked))
    }

    fn fresh(&self, tenant: &str) -> Option<Arc<Place>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get_mut(tenant)?;
        kept.asked = Instant::now();
        (kept.looked_up.elapsed() < FRESH).then(|| kept.place.clone())
    }

    /// The place for a record. Of many that looked it up at once, all get the same: a limit counts them together.
    fn keep(&self, tenant: &str, record: Record, asked: Instant) -> Arc<Place> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, kept| kept.looked_up.elapsed() < FRESH);
        }
        // Somebody asked later and was answered sooner: theirs is newer.
        if let Some(newer) = kept.get(tenant).filter(|kept| kept.looked_up > asked) {
            return newer.place.clone();
        }
        let before = kept.get(tenant).map(|kept| kept.place.clone());
        let place = match before {
            Some(place) if place.record == record => place,
            before => Arc::new(self.make(record, before.as_deref())),
        };
        let new = Kept {
            looked_up: asked,
            asked: Instant::now(),
            place: place.clone(),
        };
        kept.insert(tenant.to_owned(), new);
        place
    }

    /// The same for a write: the tenant comes into being. A stranger's name costs nobody a row before that.
    pub async fn ensure(&self, tenant: &str) -> Result<Arc<Place>> {
        let place = self.of(tenant).await?;
        if place.record.exists {
            return Ok(place);
        }
        self.shared
            .system(sql!("tenant/ensure"), &[&tenant])
            .await?;
        self.forget(tenant);
        self.of(tenant).await
    }

    /// Forgets what is known of a tenant: it was changed here.
    pub fn forget(&self, tenant: &str) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.get_mut(tenant)
            && let Some(past) = Instant::now().checked_sub(FRESH)
        {
            kept.looked_up = past;
        }
    }

    /// Forgets everybody: the database is another one, after a restore.
    pub fn reset(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.clear();
        self.upkeep.reset();
    }

    /// Lets go of those that asked nothing lately, with their connections.
    pub fn sweep(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| kept.asked.elapsed() < IDLE);
    }

    /// A place for a record; what is as it was before goes on.
    fn make(&self, record: Record, before: Option<&Place>) -> Place {
        let limits = match before.filter(|before| *before.limits.quotas() == record.quotas) {
            Some(before) => before.limits.clone(),
            None => Limits::new(record.quotas.clone()),
        };
        if let Some(before) = before.filter(|before| before.record.schema == record.schema) {
            return Place {
                db: before.db.clone(),
                handoffs: before.handoffs.clone(),
                events: before.events.clone(),
                index: before.index.clone(),
                share: before.share.clone(),
                data_key: OnceLock::new(),
                replica: before.replica.clone(),
                record,
                limits,
            };
        }
        let Some(number) = record.schema else {
            return Place {
                db: self.shared.with_share(),
                handoffs: self.handoffs.clone(),
                events: self.events.clone(),
                index: self.upkeep.index(None, &self.shared),
                replica: self.replica.as_ref().map(Db::with_share),
                share: None,
                data_key: OnceLock::new(),
                record,
                limits,
            };
        };
        let share = self.shares.clone().try_acquire_owned().ok();
        let (db, writer) = match &share {
            Some(_) => {
                let mut settings = *self.shared.settings();
                (settings.readers, settings.warm) = (1, 0);
                (Db::new(&self.target, settings), Writer::default())
            }
            // All shares are taken: its own schema still, on connections that others use as well.
            None => (self.shared.with_share(), self.writer.clone()),
        };
        let enter = migrate::enter_schema(number);
        let begin = format!("begin; {enter}").into();
        let desk = desk(&self.shared, &self.target, writer, begin);
        let db = db.entering(&enter);
        let replica = self.replica.as_ref().map(Db::with_share);
        Place {
            replica: replica.map(|replica| replica.entering(&enter)),
            index: self.upkeep.index(Some(number), &db),
            db,
            handoffs: Committer::start(desk.clone()),
            events: Committer::start(desk),
            share: share.map(Arc::new),
            data_key: OnceLock::new(),
            record,
            limits,
        }
    }
}

impl Place {
    /// Refuses what is asked of a tenant in the trash.
    pub fn check(&self) -> Result<()> {
        match self.record.deleted_at {
            None => Ok(()),
            Some(_) => Err(Error::not_found(
                "this tenant was deleted; an administrator of the installation can restore it for 30 days",
            )
            .field("tenant_id")),
        }
    }

    /// Its data key; none when nothing of it was ever sealed.
    pub fn data_key(&self, vault: &Vault, tenant: &str) -> Result<Option<Arc<DataKey>>> {
        if let Some(key) = self.data_key.get() {
            return Ok(Some(key.clone()));
        }
        let Some((wrapped, by)) = &self.record.data_key else {
            return Ok(None);
        };
        let bytes = vault.master_of(by)?.unwrap(tenant, wrapped)?;
        let key = Arc::new(DataKey::new(&bytes)?);
        Ok(Some(self.data_key.get_or_init(|| key).clone()))
    }

    /// The same tenant's place on the read replica.
    pub fn on_replica(&self) -> Option<Self> {
        let db = self.replica.clone()?;
        Some(Self {
            record: self.record.clone(),
            db,
            handoffs: self.handoffs.clone(),
            events: self.events.clone(),
            index: self.index.clone(),
            limits: self.limits.clone(),
            replica: None,
            share: self.share.clone(),
            data_key: self.data_key.clone(),
        })
    }

    /// Whether it has connections that no other tenant uses.
    pub fn has_own_connections(&self) -> bool {
        self.share.is_some()
    }
}

fn desk(db: &Db, target: &Target, writer: Writer, begin: Arc<str>) -> Desk {
    let settings = db.settings();
    Desk {
        target: target.clone(),
        writer,
        begin,
        limit: settings.query,
        wait: settings.wait,
    }
}

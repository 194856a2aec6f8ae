//! From a key to who holds it. Looked up at most once a second and key, so that a revocation takes effect within a second.

use super::digest;
use crate::db::Db;
use crate::error::{Error, Kind, Result};
use crate::operation::{Access, Principal};
use crate::sql;
use crate::tenant::INSTALLATION;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;

/// How long a look-up holds.
const FRESH: Duration = Duration::from_millis(900);
/// The most keys that are kept.
const MOST: usize = 10_000;

/// Keys that work, by their hashes; and when each was last used.
#[derive(Default)]
pub struct Keys(Mutex<HashMap<Vec<u8>, Kept>>);

struct Kept {
    /// When it was asked for.
    asked: Instant,
    holder: Principal,
    expires_at: Option<DateTime<Utc>>,
    /// Since the last time that uses were written down.
    used: Option<DateTime<Utc>>,
}

/// Who asks with a key, or why nobody does; and whether the key was seen to work before, however long ago: then it is no guess.
pub struct Found {
    /// Who.
    pub holder: Result<Principal>,
    /// Whether it was seen to work.
    pub known: bool,
}

impl Keys {
    /// Who holds a key; unauthenticated when nobody does. `may_look` has a say before a key is looked up that was not seen before.
    pub async fn find(
        &self,
        db: &Db,
        key: &str,
        now: DateTime<Utc>,
        may_look: impl FnOnce() -> Result<()>,
    ) -> Found {
        let hash = digest(key);
        let known = {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = kept.get_mut(&hash);
            if let Some(kept) = entry
                && kept.asked.elapsed() < FRESH
            {
                let holder = kept.use_at(now);
                return Found {
                    holder,
                    known: true,
                };
            }
            kept.contains_key(&hash)
        };
        let allowed = if known { Ok(()) } else { may_look() };
        let holder = match allowed {
            Ok(()) => self.look_up(db, hash, now).await,
            Err(error) => Err(error),
        };
        Found { holder, known }
    }

    async fn look_up(&self, db: &Db, hash: Vec<u8>, now: DateTime<Utc>) -> Result<Principal> {
        let asked = Instant::now();
        let rows = db.system(sql!("system/key_find"), &[&hash]).await?;
        // The index found it by its hash; whether it is the same is asked in constant time.
        let row = rows
            .first()
            .filter(|row| bool::from(row.get::<_, &[u8]>("hash").ct_eq(&hash)));
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(row) = row else {
            all.remove(&hash);
            return Err(unknown());
        };
        let tenant: String = row.get("tenant_id");
        let mut found = Kept {
            asked,
            holder: Principal {
                tenant: Some(tenant).filter(|name| name != INSTALLATION),
                access: match row.get("access") {
                    "admin" => Access::Admin,
                    "write" => Access::Write,
                    _ => Access::Read,
                },
                key_id: Some(row.get("key_id")),
            },
            expires_at: row.get("expires_at"),
            used: all.get(&hash).and_then(|before| before.used),
        };
        let holder = found.use_at(now);
        if all.len() >= MOST {
            all.retain(|_, kept| kept.asked.elapsed() < FRESH || kept.used.is_some());
        }
        if all.len() < MOST || all.contains_key(&hash) {
            all.insert(hash, found);
        }
        holder
    }

    /// Writes down when keys were last used, those that were used since the last time.
    pub async fn note_use(&self, db: &Db) -> Result<()> {
        // In one order everywhere, so that no two servers wait for each other.
        let mut used = BTreeMap::new();
        {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for kept in all.values_mut() {
                if let (Some(at), Some(key_id)) = (kept.used.take(), &kept.holder.key_id) {
                    let tenant = kept.holder.tenant.as_deref().unwrap_or(INSTALLATION);
                    used.insert((tenant.to_owned(), key_id.clone()), at);
                }
            }
        }
        if used.is_empty() {
            return Ok(());
        }
        let (mut tenants, mut ids, mut at) = (Vec::new(), Vec::new(), Vec::new());
        for ((tenant, key_id), when) in &used {
            tenants.push(tenant.as_str());
            ids.push(key_id.as_str());
            at.push(*when);
        }
        let noted = db
            .system(sql!("system/key_used"), &[&tenants, &ids, &at])
            .await;
        noted.map(drop)
    }

    /// Has every key looked up again: one was revoked here. That they worked is remembered.
    pub fn forget(&self) {
        let Some(past) = Instant::now().checked_sub(FRESH) else {
            return;
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.values_mut().for_each(|kept| kept.asked = past);
    }
}

impl Kept {
    fn use_at(&mut self, now: DateTime<Utc>) -> Result<Principal> {
        if self.expires_at.is_some_and(|at| at <= now) {
            return Err(unknown());
        }
        self.used = Some(now);
        Ok(self.holder.clone())
    }
}

/// No key, or one that nobody holds (any more).
pub fn unknown() -> Error {
    let message =
        "this needs a key that works: send it as Authorization: Bearer am_… or as X-API-Key";
    Error::new(Kind::Unauthenticated, "unauthenticated", message)
}

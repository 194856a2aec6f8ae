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

/// Keys that were looked up a moment ago, and when each was last used.
#[derive(Default)]
pub struct Keys {
    kept: Mutex<HashMap<Vec<u8>, Kept>>,
    /// By tenant and key.
    used: Mutex<HashMap<(String, String), DateTime<Utc>>>,
}

/// When it was looked up, who holds the key, until when it works.
type Kept = (Instant, Principal, Option<DateTime<Utc>>);

impl Keys {
    /// Who holds a key; unauthenticated when nobody does.
    pub async fn find(&self, db: &Db, key: &str, now: DateTime<Utc>) -> Result<Principal> {
        let hash = digest(key);
        let kept = {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.get(&hash)
                .filter(|(at, ..)| at.elapsed() < FRESH)
                .map(|(_, who, expires)| (who.clone(), *expires))
        };
        let (principal, expires_at) = match kept {
            Some(found) => found,
            None => self.look_up(db, hash).await?,
        };
        if expires_at.is_some_and(|at| at <= now) {
            return Err(unknown());
        }
        if let Some(key_id) = &principal.key_id {
            let tenant = principal.tenant.as_deref().unwrap_or(INSTALLATION);
            let of = (tenant.to_owned(), key_id.clone());
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            used.insert(of, now);
        }
        Ok(principal)
    }

    async fn look_up(&self, db: &Db, hash: Vec<u8>) -> Result<(Principal, Option<DateTime<Utc>>)> {
        let asked = Instant::now();
        let rows = db.system(sql!("system/key_find"), &[&hash]).await?;
        let Some(row) = rows.first() else {
            self.drop_key(&hash);
            return Err(unknown());
        };
        // The index found it by its hash; whether it is the same is asked in constant time.
        if !bool::from(row.get::<_, &[u8]>("hash").ct_eq(&hash)) {
            return Err(unknown());
        }
        let (tenant, expires_at): (String, _) = (row.get("tenant_id"), row.get("expires_at"));
        let principal = Principal {
            tenant: Some(tenant).filter(|name| name != INSTALLATION),
            access: match row.get("access") {
                "admin" => Access::Admin,
                "write" => Access::Write,
                _ => Access::Read,
            },
            key_id: Some(row.get("key_id")),
        };
        self.keep(asked, hash, principal.clone(), expires_at);
        Ok((principal, expires_at))
    }

    /// Whether this key was found to work before, however long ago: it is no guess.
    pub fn is_known(&self, key: &str) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.contains_key(&digest(key))
    }

    /// Writes down when keys were last used, those that were used since the last time.
    pub async fn note_use(&self, db: &Db) -> Result<()> {
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        if used.is_empty() {
            return Ok(());
        }
        let (mut tenants, mut ids, mut at) = (Vec::new(), Vec::new(), Vec::new());
        // In one order everywhere, so that no two servers wait for each other.
        let sorted: BTreeMap<_, _> = used.iter().collect();
        for ((tenant, key_id), when) in sorted {
            tenants.push(tenant.as_str());
            ids.push(key_id.as_str());
            at.push(*when);
        }
        let noted = db
            .system(sql!("system/key_used"), &[&tenants, &ids, &at])
            .await;
        if noted.is_err() {
            let mut again = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            for (id, at) in used {
                again.entry(id).or_insert(at);
            }
        }
        noted.map(drop)
    }

    /// Has every key looked up again: one was revoked here. That they worked is remembered: none of them is a guess.
    pub fn forget(&self) {
        let Some(past) = Instant::now().checked_sub(FRESH) else {
            return;
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.values_mut().for_each(|(at, ..)| *at = past);
    }

    fn drop_key(&self, hash: &[u8]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(hash);
    }

    fn keep(
        &self,
        asked: Instant,
        hash: Vec<u8>,
        principal: Principal,
        expires_at: Option<DateTime<Utc>>,
    ) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, (at, ..)| at.elapsed() < FRESH);
        }
        if kept.len() < MOST {
            kept.insert(hash, (asked, principal, expires_at));
        }
    }
}

/// No key, or one that nobody holds (any more).
pub fn unknown() -> Error {
    let message =
        "this needs a key that works: send it as Authorization: Bearer am_… or as X-API-Key";
    Error::new(Kind::Unauthenticated, "unauthenticated", message)
}

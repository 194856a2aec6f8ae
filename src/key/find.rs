//! From a key to who holds it. Looked up at most once a second and key, so that a revocation takes effect within a second.

use super::digest;
use crate::db::Db;
use crate::error::{Error, Kind, Result};
use crate::operation::{Access, Principal};
use crate::sql;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a look-up holds.
const FRESH: Duration = Duration::from_millis(900);
/// The most keys that are kept.
const MOST: usize = 10_000;

/// Keys that were looked up a moment ago.
#[derive(Default)]
pub struct Keys(Mutex<HashMap<Vec<u8>, Kept>>);

/// When it was looked up, who holds the key, until when it works.
type Kept = (Instant, Principal, Option<DateTime<Utc>>);

impl Keys {
    /// Who holds a key; unauthenticated when nobody does.
    pub async fn find(&self, db: &Db, key: &str, now: DateTime<Utc>) -> Result<Principal> {
        let hash = digest(key);
        let kept = {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.get(&hash)
                .filter(|(at, ..)| at.elapsed() < FRESH)
                .map(|(_, who, expires)| (who.clone(), *expires))
        };
        let (principal, expires_at) = match kept {
            Some(found) => found,
            None => {
                let rows = db.system(sql!("system/key_find"), &[&hash]).await?;
                let row = rows.first().ok_or_else(unknown)?;
                let (tenant, access): (String, &str) = (row.get(0), row.get(2));
                let access = match access {
                    "admin" => Access::Admin,
                    "write" => Access::Write,
                    _ => Access::Read,
                };
                let principal = Principal {
                    tenant: Some(tenant).filter(|name| name != "*"),
                    access,
                    key_id: Some(row.get(1)),
                };
                self.keep(hash, principal.clone(), row.get(3));
                (principal, row.get(3))
            }
        };
        match expires_at.is_some_and(|at| at <= now) {
            true => Err(unknown()),
            false => Ok(principal),
        }
    }

    /// Forgets all look-ups: a key was revoked here.
    pub fn forget(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn keep(&self, hash: Vec<u8>, principal: Principal, expires_at: Option<DateTime<Utc>>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, (at, ..)| at.elapsed() < FRESH);
        }
        if kept.len() < MOST {
            kept.insert(hash, (Instant::now(), principal, expires_at));
        }
    }
}

/// No key, or one that nobody holds (any more).
pub fn unknown() -> Error {
    let message =
        "this needs a key that works: send it as Authorization: Bearer am_… or as X-API-Key";
    Error::new(Kind::Unauthenticated, "unauthenticated", message)
}

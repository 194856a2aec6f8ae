//! A read replica, and how far it is: a place in the write-ahead log tells whether it has what a caller wrote.

use super::pool::Db;
use crate::error::Kind;
use crate::{id, sql};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Between two questions to a replica that failed, whether it is back.
const REST: Duration = Duration::from_secs(1);

/// A place in the write-ahead log, in bytes from its beginning.
type Lsn = u64;

/// A standby that takes reads.
pub struct Replica {
    /// Its connections.
    pub db: Db,
    /// The furthest that it said it was.
    replayed: AtomicU64,
    /// It failed, and has not answered since. No reader waits for it.
    away: Arc<AtomicBool>,
}

impl Replica {
    /// A replica on these connections.
    pub fn new(db: Db) -> Self {
        Self {
            db,
            replayed: AtomicU64::new(0),
            away: Arc::default(),
        }
    }

    /// Whether it has what the write that gave this token wrote.
    pub async fn has(&self, token: &str) -> bool {
        if self.away.load(Ordering::Relaxed) {
            return false;
        }
        let Some(wanted) = lsn_of(token) else {
            return false;
        };
        if self.replayed.load(Ordering::Relaxed) >= wanted {
            return true;
        }
        match self.db.system(sql!("system/replayed"), &[]).await {
            Ok(rows) => {
                let now = rows.first().and_then(|row| row.get::<_, Option<i64>>(0));
                let now = now.map_or(0, i64::unsigned_abs);
                self.replayed.fetch_max(now, Ordering::Relaxed);
                now >= wanted
            }
            Err(error) => {
                self.rest(error.kind());
                false
            }
        }
    }

    /// It failed: it is left alone until it answers again.
    pub fn rest(&self, kind: Kind) {
        self.replayed.store(0, Ordering::Relaxed);
        if self.away.swap(true, Ordering::Relaxed) {
            return;
        }
        log::warn!(
            "the read replica failed ({kind:?}); the primary is asked until it answers again"
        );
        let (db, away) = (self.db.clone(), self.away.clone());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(REST).await;
                if db.system(sql!("system/replayed"), &[]).await.is_ok() {
                    break;
                }
            }
            log::info!("the read replica answers again");
            away.store(false, Ordering::Relaxed);
        });
    }
}

/// Gives out tokens for writes. With a replica they say where the write-ahead log was after the write; one question to the primary
/// serves all writes that wait for it.
pub struct Tokens {
    ask: Option<mpsc::UnboundedSender<oneshot::Sender<Option<Lsn>>>>,
}

impl Tokens {
    /// Tokens of this primary; `replicated` ones are known to a replica. Needs a runtime.
    pub fn new(primary: &Db, replicated: bool) -> Self {
        let ask = replicated.then(|| {
            let (ask, waiting) = mpsc::unbounded_channel();
            tokio::spawn(answer(primary.clone(), waiting));
            ask
        });
        Self { ask }
    }

    /// A token for a write that is on the disk. No two are the same.
    pub async fn next(&self) -> String {
        let mut lsn = None;
        if let Some(ask) = &self.ask {
            let (tell, told) = oneshot::channel();
            if ask.send(tell).is_ok() {
                lsn = told.await.ok().flatten();
            }
        }
        let unique = u64::from_ne_bytes(id::random());
        format!("{:X}-{unique:016x}", lsn.unwrap_or_default())
    }
}

/// The place that a token names; none where it is not known.
fn lsn_of(token: &str) -> Option<Lsn> {
    let (lsn, _) = token.split_once('-')?;
    Lsn::from_str_radix(lsn, 16).ok().filter(|lsn| *lsn > 0)
}

/// Asks where the write-ahead log is, for everybody who has come to wait before the question was sent.
async fn answer(primary: Db, mut waiting: mpsc::UnboundedReceiver<oneshot::Sender<Option<Lsn>>>) {
    while let Some(first) = waiting.recv().await {
        let mut all = vec![first];
        while let Ok(more) = waiting.try_recv() {
            all.push(more);
        }
        let rows = primary.system(sql!("system/flushed"), &[]).await;
        let rows = rows.inspect_err(|error| log::debug!("no place in the log: {error}"));
        let lsn = rows.ok().and_then(|rows| {
            let row = rows.first()?;
            row.get::<_, Option<i64>>(0).map(i64::unsigned_abs)
        });
        for one in all {
            // Who went away needs no answer.
            let _ = one.send(lsn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::lsn_of;

    #[test]
    fn a_token_names_a_place_or_none() {
        assert_eq!(lsn_of("16B3748-0123456789abcdef"), Some(0x16B_3748));
        for none in ["0-1", "", "-", "x-1", "16B3748"] {
            assert!(lsn_of(none).is_none(), "{none}");
        }
    }
}

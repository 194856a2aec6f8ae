//! Replies that hold for a moment. A reply is never older than a second, never older than what this server wrote of the tenant, and
//! never older than what the caller wrote anywhere, by the token that each write answers with.

mod local;
mod mark;
mod shared;

use crate::config::Config;
use crate::db::sha256;
use crate::error::Result;
use crate::operation::Context;
use futures_util::future::BoxFuture;
use local::{Local, Recent};
use mark::Mark;
use shared::Shared;
pub use shared::redis_version;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// How long a reply holds, counted from before it was read.
pub const HOLDS: Duration = Duration::from_secs(1);

/// How long a token is remembered: whoever still sends it then is new to this server, and for a moment asks the database.
const HEARD: Duration = Duration::from_secs(10);

/// Refuses a REDIS_URL that is none.
pub fn check(redis_url: &str) -> Result<()> {
    Shared::new(redis_url).map(drop)
}

/// A name of a reply: what was asked, by whose memory.
pub type Key = [u8; 32];

/// The replies of this server, and those that servers share.
pub struct Cache {
    replies: Mutex<Local>,
    /// When this server last wrote of a tenant.
    written: Mutex<Recent>,
    /// When this server first heard of a token.
    heard: Mutex<Recent>,
    shared: Option<Shared>,
    /// Other servers may write to the same database.
    others: bool,
    /// What other processes on our own database leave behind when they write.
    mark: Option<Mark>,
    /// This process works on a database that another looks after.
    attached: bool,
    off: bool,
}

impl Cache {
    /// As the configuration says; `attached` is a process that works beside the server of an embedded database.
    ///
    /// # Errors
    /// A REDIS_URL that is none.
    pub fn new(config: &Config, attached: bool) -> Result<Self> {
        let bytes = config.cache.mib as usize * 1024 * 1024;
        Ok(Self {
            replies: Mutex::new(Local::new(bytes)),
            written: Mutex::new(Recent::new(HOLDS)),
            heard: Mutex::new(Recent::new(HEARD)),
            shared: Shared::new(&config.cache.redis_url)?,
            others: config.is_external(),
            mark: (!config.is_external()).then(|| Mark::new(config.data_dir())),
            attached,
            off: bytes == 0,
        })
    }

    /// Whether writes answer with a token: where another server may be asked next.
    pub fn gives_tokens(&self) -> bool {
        self.others
    }

    /// A write of a tenant is on the disk and not yet acknowledged: no reply from before it is given any more.
    pub fn wrote(&self, tenant: &str) {
        lock(&self.written).note(tenant, Instant::now());
        if let Some(mark) = self.mark.as_ref().filter(|_| self.attached) {
            mark.change();
        }
    }

    /// Forgets everything: the database is another one, or jobs changed it.
    pub fn clear(&self) {
        lock(&self.replies).clear();
    }

    /// The reply to a call: a kept one where that is as new as it has to be, else what `run` answers, kept for a moment.
    pub async fn through<'a>(
        &'a self,
        ctx: &'a Context,
        arguments: &str,
        run: BoxFuture<'static, Result<Vec<u8>>>,
    ) -> Result<Vec<u8>> {
        let began = Instant::now();
        let heard = ctx
            .after
            .as_deref()
            .map(|token| lock(&self.heard).first(token, began));
        // Who shows no token may have written through another server.
        if self.off || self.others && heard.is_none() {
            return run.await;
        }
        let key = key(ctx, arguments);
        let oldest = [lock(&self.written).last(&ctx.tenant), heard];
        let oldest = oldest.into_iter().flatten().max();
        let Some(shared) = &self.shared else {
            let mark = self.mark.as_ref().and_then(Mark::read);
            if let Some(reply) = lock(&self.replies).get(&key, oldest, mark) {
                return Ok(reply);
            }
            let reply = run.await?;
            if !ctx.on_replica {
                lock(&self.replies).put(key, began, mark, &reply);
            }
            return Ok(reply);
        };
        // Other servers' replies began within the last moment: after what this caller or server wrote, if that is longer ago.
        if oldest.is_some_and(|at| at.elapsed() < HOLDS) {
            return run.await;
        }
        let vault = &ctx.app.vault;
        let Some((moment, kept)) = shared.get(vault, &ctx.tenant, &key).await else {
            return run.await;
        };
        if let Some(reply) = kept {
            return Ok(reply);
        }
        let reply = run.await?;
        // A replica has what this caller wrote, and may lack what others did.
        if !ctx.on_replica {
            shared.put(vault, &ctx.tenant, &key, moment, &reply).await;
        }
        Ok(reply)
    }
}

/// What a reply is of. A tenant that is made again under an old name has another number.
fn key(ctx: &Context, arguments: &str) -> Key {
    let number = ctx.place.record.number;
    let text = format!("{}\0{number}\0{}\0{arguments}", ctx.operation, ctx.tenant);
    let mut key = Key::default();
    key.copy_from_slice(&sha256(text.as_bytes()));
    key
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! What servers share through Redis, for what is left of a reply's moment. Redis holds no memory in the clear.

use super::{HOLDS, Key};
use crate::clock;
use crate::error::{Error, Result};
use crate::seal::{DataKey, Vault};
use redis::Client;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;

/// Longer than this nobody waits for Redis: PostgreSQL answers as soon.
const PATIENCE: Duration = Duration::from_millis(50);
/// After a failure Redis is left alone for so long.
const REST: Duration = Duration::from_secs(1);
/// A time of Redis's clock, in milliseconds.
pub type Moment = u64;

/// A Redis, 6.2 or newer.
pub struct Shared {
    client: Client,
    connection: OnceCell<ConnectionManager>,
    rests_until: Mutex<Option<Instant>>,
    /// The key of today's replies.
    key: Mutex<Option<(String, Arc<DataKey>)>>,
}

impl Shared {
    /// The Redis of REDIS_URL; none without one.
    ///
    /// # Errors
    /// An address that is none.
    pub fn new(url: &str) -> Result<Option<Self>> {
        if url.is_empty() {
            return Ok(None);
        }
        let client = Client::open(url).map_err(|_| {
            let message = "REDIS_URL is not an address such as redis://:password@host:6379/0 or unix:///run/redis.sock";
            Error::invalid(message).field("cache.redis_url")
        })?;
        Ok(Some(Self {
            client,
            connection: OnceCell::new(),
            rests_until: Mutex::default(),
            key: Mutex::default(),
        }))
    }

    /// Redis's time, and the reply that is kept; none when Redis cannot be asked.
    pub async fn get(
        &self,
        vault: &Vault,
        tenant: &str,
        key: &Key,
    ) -> Option<(Moment, Option<Vec<u8>>)> {
        let mut commands = redis::pipe();
        commands.get(name(key)).cmd("TIME");
        let (sealed, (seconds, micros)): (Option<Vec<u8>>, (u64, u64)) =
            self.ask(&commands).await?;
        let today = self.today(vault)?;
        let kept = sealed.and_then(|sealed| today.open(tenant, &sealed).ok());
        Some((seconds * 1000 + micros / 1000, kept))
    }

    /// Keeps a reply that was read after this moment until its own is over by the same clock, however late Redis hears of it.
    pub async fn put(&self, vault: &Vault, tenant: &str, key: &Key, moment: Moment, reply: &[u8]) {
        let Some(Ok(sealed)) = self.today(vault).map(|today| today.seal(tenant, reply)) else {
            return;
        };
        let until = moment + (HOLDS - PATIENCE).as_millis() as u64;
        let mut commands = redis::pipe();
        commands
            .cmd("SET")
            .arg(name(key))
            .arg(sealed)
            .arg("PXAT")
            .arg(until)
            .ignore();
        self.ask::<()>(&commands).await;
    }

    /// Asks Redis, and does without it for a while when it does not answer in time.
    async fn ask<T: redis::FromRedisValue>(&self, commands: &redis::Pipeline) -> Option<T> {
        let resting = *self.lock();
        if resting.is_some_and(|until| Instant::now() < until) {
            return None;
        }
        let work = async {
            let connection = self.connection.get_or_try_init(|| self.connect()).await?;
            commands.query_async(&mut connection.clone()).await
        };
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(Ok(answer)) => Some(answer),
            failed => {
                let why = failed.map_or_else(
                    |_| "no answer in time".to_owned(),
                    |result| {
                        result
                            .err()
                            .map(|error| error.to_string())
                            .unwrap_or_default()
                    },
                );
                log::warn!("Redis is left alone for a second: {why}");
                *self.lock() = Some(Instant::now() + REST);
                None
            }
        }
    }

    async fn connect(&self) -> redis::RedisResult<ConnectionManager> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        ConnectionManager::new_with_config(self.client.clone(), config).await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.rests_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of today, from the installation's: few replies are sealed under one.
    fn today(&self, vault: &Vault) -> Option<Arc<DataKey>> {
        let day = clock::now().format("%F").to_string();
        let mut kept = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, key)) = &*kept
            && *of == day
        {
            return Some(key.clone());
        }
        let key = vault.derived(&format!("cache of {day}"));
        let key = key.inspect_err(|error| log::warn!("nothing is shared through Redis: {error}"));
        let key = Arc::new(key.ok()?);
        *kept = Some((day, key.clone()));
        Some(key)
    }
}

/// Which Redis is at an address.
///
/// # Errors
/// It does not answer within two seconds.
pub async fn redis_version(url: &str) -> Result<String> {
    let away = |why: String| Error::unavailable("redis_away", why);
    let ask = async {
        let client = Client::open(url)?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let mut info = redis::cmd("INFO");
        info.arg("server")
            .query_async::<String>(&mut connection)
            .await
    };
    let said = tokio::time::timeout(Duration::from_secs(2), ask).await;
    let said = said.map_err(|_| away("no answer within two seconds".to_owned()))?;
    let said = said.map_err(|error| away(error.to_string()))?;
    let version = said
        .lines()
        .find_map(|line| line.strip_prefix("redis_version:"));
    Ok(version.unwrap_or("of an unknown version").to_owned())
}

fn name(key: &Key) -> Vec<u8> {
    [b"agent-memory:reply:".as_slice(), key].concat()
}

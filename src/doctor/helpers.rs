//! Checks of what helps and is not needed: a read replica, a Redis.

use super::Finding;
use crate::cache;
use crate::config::Config;
use crate::db::Target;
use crate::error::Result;
use crate::sql;

/// The oldest Redis that knows SET with PXAT.
const OLDEST_REDIS: (u32, u32) = (6, 2);

/// The read replica and the Redis, where they are configured. Without them the server goes on; so nothing fails here.
pub async fn helpers(config: &Config, replica: Option<&Target>) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(replica) = replica {
        found.push(match is_standby(replica).await {
            Ok(true) => Finding::ok("replica", "follows the primary"),
            Ok(false) => Finding::warn(
                "replica_is_none",
                "PGREPLICA_HOST is a server that takes writes, not a replica",
                "name a standby in PGREPLICA_HOST, or leave it out",
            ),
            Err(error) => Finding::warn(
                "replica_away",
                format!("the read replica does not answer: {}", error.causes()),
                "is it up, and PGREPLICA_HOST right? Until then the primary is asked",
            ),
        });
    }
    if !config.cache.redis_url.is_empty() {
        found.push(match cache::redis_version(&config.cache.redis_url).await {
            Ok(version) if is_old(&version) => Finding::warn(
                "redis_old",
                format!("Redis {version} is older than 6.2, and nothing is shared through it"),
                "upgrade it",
            ),
            Ok(version) => Finding::ok("redis", format!("Redis {version}")),
            Err(error) => Finding::warn(
                "redis_away",
                format!("Redis does not answer: {}", error.causes()),
                "is it up, and REDIS_URL right? Until then every server answers from the database",
            ),
        });
    }
    found
}

async fn is_standby(replica: &Target) -> Result<bool> {
    let connection = replica.connect().await?;
    let rows = connection.query(sql!("system/standby"), &[]).await?;
    Ok(rows.first().is_some_and(|row| row.get(0)))
}

fn is_old(version: &str) -> bool {
    let mut numbers = version.split('.').map_while(|part| part.parse().ok());
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else {
        return false;
    };
    (major, minor) < OLDEST_REDIS
}

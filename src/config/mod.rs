//! The configuration: defaults <- file <- environment <- flags. Nothing else reads the environment.

mod agents;
mod backup;
mod check;
mod env_file;
mod load;
mod service;
mod url;
mod variables;
mod weak;

pub use agents::{Client, Memory};
pub use backup::Backup;
pub use env_file::parse as parse_env_file;
pub use load::{Flags, Loaded, Source, load};
pub use url::{hosts_and_password, port_of};
pub use variables::{SECRETS, VARIABLES};
pub use weak::Weakness;

use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The modes that libpq knows for PGSSLMODE.
pub const SSLMODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

/// Every setting.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "packaging/config.toml documents each setting")]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub cache: Cache,
    pub embedded: Embedded,
    pub access: AccessControl,
    pub log: Logging,
    pub memory: Memory,
    pub client: Client,
    pub consolidation: Consolidation,
    pub backup: Backup,
}

/// The listener.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "packaging/config.toml documents each setting")]
pub struct Server {
    pub host: String,
    pub port: u16,
    pub drain_seconds: u64,
    pub clock: String,
}

/// The database and the connections to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "packaging/config.toml documents each setting")]
pub struct Database {
    pub mode: String,
    pub url: String,
    pub host: String,
    #[serde(deserialize_with = "number_or_list")]
    pub port: String,
    pub target_session_attrs: String,
    pub replica_host: String,
    #[serde(deserialize_with = "number_or_list")]
    pub replica_port: String,
    pub name: String,
    pub user: String,
    pub password: String,
    pub password_file: String,
    pub passfile: String,
    pub sslmode: String,
    pub sslrootcert: String,
    pub sslcert: String,
    pub sslkey: String,
    pub channel_binding: String,
    pub owner_user: String,
    pub owner_password: String,
    pub owner_password_file: String,
    pub pool_mode: String,
    pub pool_max: u32,
    pub pool_min: u32,
    pub idle_timeout_ms: u64,
    pub connection_timeout_ms: u64,
    pub statement_timeout_ms: u64,
    pub query_timeout_ms: u64,
}

/// Replies that are kept for a moment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "packaging/config.toml documents each setting")]
pub struct Cache {
    pub mib: u32,
    pub redis_url: String,
}

/// The embedded PostgreSQL.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "packaging/config.toml documents each setting")]
pub struct Embedded {
    pub data_dir: String,
    pub bin_dir: String,
    pub version: String,
    pub mirror: String,
    pub sha256: String,
    pub download: bool,
    pub reserve_mib: u64,
    pub run_as: String,
}

/// Keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "packaging/config.toml documents each setting")]
pub struct AccessControl {
    pub enabled: String,
    pub admin_key_file: String,
    pub encryption_key_file: String,
    pub allowed_hosts: String,
    pub metrics_public: bool,
    pub trusted_proxies: String,
    pub cors_origins: String,
    pub xss_protection: String,
}

/// The log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "packaging/config.toml documents each setting")]
pub struct Logging {
    pub environment: String,
    pub level: String,
}

/// Consolidation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "packaging/config.toml documents each setting")]
pub struct Consolidation {
    pub enabled: bool,
    pub schedule: String,
    pub timezone: String,
    pub summary_after_days: u32,
    pub quick_ref_after_days: u32,
    pub integrated_after_days: u32,
    pub archive_after_days: u32,
    pub half_life_days: f64,
    pub forget_below: f64,
    pub recall_prior: f64,
}

impl Config {
    /// Whether a database is given, or ours is to be started.
    pub fn is_external(&self) -> bool {
        match self.database.mode.as_str() {
            "external" => true,
            "embedded" => false,
            _ => !self.database.host.is_empty() || !self.database.url.is_empty(),
        }
    }

    /// The hosts of the external database: names, addresses, directories with a socket.
    pub fn database_hosts(&self) -> Vec<String> {
        match self.database.url.is_empty() {
            true => self.database.host.split(',').map(str::to_owned).collect(),
            false => hosts_and_password(&self.database.url).0,
        }
    }

    /// The external database's password, when it is among the settings.
    pub fn database_password(&self) -> Option<String> {
        match self.database.url.is_empty() {
            true => Some(self.database.password.clone()).filter(|text| !text.is_empty()),
            false => hosts_and_password(&self.database.url).1,
        }
    }

    /// Whether this is a production server.
    pub fn is_production(&self) -> bool {
        self.log.environment == "production"
    }

    /// The addresses to listen on.
    pub fn addresses(&self) -> Result<Vec<IpAddr>> {
        self.server
            .host
            .split(',')
            .map(|host| address(host.trim()))
            .collect()
    }

    /// Whether others than this machine can reach the listener.
    pub fn is_open(&self) -> bool {
        self.addresses()
            .is_ok_and(|all| !all.iter().all(IpAddr::is_loopback))
    }

    /// Whether requests need a key.
    pub fn keys_on(&self) -> Result<bool> {
        Ok(match self.access.enabled.as_str() {
            "true" => true,
            "false" => false,
            _ => {
                !self.addresses()?.iter().all(IpAddr::is_loopback)
                    || self.allowed_hosts().any(|host| !is_loopback_name(host))
            }
        })
    }

    /// Names that may stand in a Host header beside the loopback ones.
    pub fn allowed_hosts(&self) -> impl Iterator<Item = &str> {
        items(&self.access.allowed_hosts)
    }

    /// Origins whose pages are let in.
    pub fn cors_origins(&self) -> impl Iterator<Item = &str> {
        items(&self.access.cors_origins)
    }

    /// Whether a peer is a proxy whose word on its client's address is believed.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        items(&self.access.trusted_proxies)
            .filter_map(network)
            .any(|trusted| trusted.contains(&peer))
    }

    /// Whether statements may stay prepared on a connection.
    pub fn named_statements(&self) -> bool {
        match self.database.pool_mode.as_str() {
            "session" => true,
            "transaction" => false,
            _ => !self.is_external(),
        }
    }

    /// The directory that holds all state.
    pub fn data_dir(&self) -> &Path {
        Path::new(&self.embedded.data_dir)
    }

    /// Where the first admin key is, or will be written.
    pub fn admin_key_file(&self) -> PathBuf {
        match self.access.admin_key_file.as_str() {
            "" => self.data_dir().join("admin-key"),
            path => PathBuf::from(path),
        }
    }

    /// Where the key of sealed texts' keys is, or will be written.
    pub fn encryption_key_file(&self) -> PathBuf {
        match self.access.encryption_key_file.as_str() {
            "" => self.data_dir().join("encryption-key"),
            path => PathBuf::from(path),
        }
    }

    /// Bounds of the connection pool. The committer and the owner count inside the maximum; more readers than the machine can
    /// run at once only make everyone wait.
    pub fn pool(&self) -> crate::db::Settings {
        let cores = std::thread::available_parallelism().map_or(2, |n| n.get() as u32);
        let millis = Duration::from_millis;
        crate::db::Settings {
            readers: self.database.pool_max.saturating_sub(2).clamp(1, 2 * cores),
            warm: self.database.pool_min.saturating_sub(1),
            idle: millis(self.database.idle_timeout_ms),
            wait: millis(self.database.connection_timeout_ms),
            statement: millis(self.database.statement_timeout_ms),
            query: millis(self.database.query_timeout_ms),
        }
    }

    /// A clock that is not to show the time: from which instant on, and how fast.
    ///
    /// # Errors
    /// Anything but an instant, with or without a rate behind it.
    pub fn clock(&self) -> Result<Option<(DateTime<Utc>, u32)>> {
        if self.server.clock.is_empty() {
            return Ok(None);
        }
        let (at, rate) = match self.server.clock.split_once(" x") {
            Some((at, rate)) => (at, rate.parse().ok()),
            None => (self.server.clock.as_str(), Some(1)),
        };
        match (at.parse(), rate) {
            (Ok(at), Some(rate)) => Ok(Some((at, rate))),
            _ => {
                let message = "server.clock (AGENT_MEMORY_CLOCK) is an instant such as 2027-03-28T00:30:00Z, or that and x60 for one that goes 60 times as fast";
                Err(Error::invalid(message).field("server.clock"))
            }
        }
    }

    /// How many tenants with a schema of their own can have a reader and a writer to themselves at once: what the maximum leaves.
    pub fn shares(&self) -> u32 {
        self.database
            .pool_max
            .saturating_sub(self.pool().readers + 2)
            / 2
    }
}

/// An address, or a network such as 10.0.0.0/8.
fn network(text: &str) -> Option<IpNet> {
    let alone = || text.parse().map(|address: IpAddr| address.into());
    text.parse().or_else(|_| alone()).ok()
}

/// A port as a number, or ports as a list.
fn number_or_list<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u16),
        List(String),
    }
    Ok(match Either::deserialize(from)? {
        Either::Number(port) => port.to_string(),
        Either::List(ports) => ports,
    })
}

/// The items of a list that is written with commas.
fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// The environment that a program of PostgreSQL's gets of ours: what it needs to run, and no secret. A program that brings along what it
/// needs finds its libraries by LD_ORIGIN_PATH where there is no /proc to ask (ld.so(8)), and its locale by LOCPATH where the system has none.
pub fn for_children(program: &Path) -> impl Iterator<Item = (String, std::ffi::OsString)> {
    let origin = program.parent().and_then(|dir| dir.canonicalize().ok());
    let locales = origin.as_ref().map(|dir| dir.join("../../../locale"));
    let locales =
        locales.filter(|dir| dir.is_dir() && !Path::new("/usr/lib/locale/C.utf8").exists());
    [
        "PATH",
        "HOME",
        "TZ",
        "TMPDIR",
        "LD_LIBRARY_PATH",
        "XDG_RUNTIME_DIR",
    ]
    .into_iter()
    .filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?)))
    .chain(origin.map(|dir| ("LD_ORIGIN_PATH".to_owned(), dir.into())))
    .chain(locales.map(|dir| ("LOCPATH".to_owned(), dir.into())))
}

fn address(host: &str) -> Result<IpAddr> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare {
        "localhost" => Ok(IpAddr::from([127, 0, 0, 1])),
        _ => bare.parse().map_err(|_| {
            Error::invalid(format!("HOST={host} is no address to listen on")).field("server.host")
        }),
    }
}

/// Whether a name means this machine.
pub fn is_loopback_name(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

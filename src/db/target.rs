//! Where the database is, and how to connect to it as libpq would.

use super::connection::Connection;
use super::password::Password;
use super::tls::{Identity, Tls, Trust};
use crate::config::SSLMODES;
use crate::error::{Error, Kind, Result};
use bb8::ManageConnection;
use bb8_postgres::PostgresConnectionManager;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::config::{ChannelBinding, Host, SslMode, TargetSessionAttrs};
use tokio_postgres::error::SqlState;

/// Between two tries with a password that is being changed.
const PAUSE: Duration = Duration::from_millis(50);

/// A database to connect to as one role.
#[derive(Clone)]
pub struct Target {
    /// What is tried, in this order, until one works.
    attempts: Vec<tokio_postgres::Config>,
    password: Password,
    tls: Tls,
    timeout: Duration,
    /// How libpq's programs secure the same connection, as variables of theirs.
    secured: Arc<[(&'static str, String)]>,
    /// Statements may stay prepared on its connections.
    pub named: bool,
}

/// The parts of a target, as libpq's variables name them.
#[derive(Clone, Debug, Default)]
pub struct Parts<'a> {
    /// A host name, an address, or a directory that holds a socket; a list with commas.
    pub host: &'a str,
    /// Its port, or one for each host; a list with commas.
    pub port: &'a str,
    /// The database's name.
    pub database: &'a str,
    /// The role.
    pub user: &'a str,
    /// How the connection is secured.
    pub security: Security<'a>,
}

/// How a connection is secured, as libpq's variables name it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Security<'a> {
    /// `disable`, `allow`, `prefer`, `require`, `verify-ca` or `verify-full`.
    pub sslmode: &'a str,
    /// A file with the certificates that are trusted.
    pub sslrootcert: &'a str,
    /// A file with our certificate.
    pub sslcert: &'a str,
    /// A file with its key.
    pub sslkey: &'a str,
    /// `disable`, `prefer` or `require`.
    pub channel_binding: &'a str,
}

impl Security<'_> {
    /// As variables of libpq's programs.
    fn variables(&self) -> Vec<(&'static str, String)> {
        [
            ("PGSSLMODE", self.sslmode),
            ("PGSSLROOTCERT", self.sslrootcert),
            ("PGSSLCERT", self.sslcert),
            ("PGSSLKEY", self.sslkey),
            ("PGCHANNELBINDING", self.channel_binding),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, value.to_owned()))
        .collect()
    }
}

impl Target {
    /// A target from its parts. `timeout` bounds a connection attempt.
    pub fn new(
        parts: &Parts<'_>,
        password: Password,
        timeout: Duration,
        named: bool,
    ) -> Result<Self> {
        let mut config = tokio_postgres::Config::new();
        let ports: Vec<u16> = (parts.port.split(','))
            .filter_map(|port| port.trim().parse().ok())
            .collect();
        for (number, host) in parts.host.split(',').enumerate() {
            let port = ports.get(number).or(ports.last()).copied();
            config.host(host.trim()).port(port.unwrap_or(5432));
        }
        config.dbname(parts.database).user(parts.user);
        Self::of(config, password, &parts.security, timeout, named)
    }

    /// A target from a `postgres://` address or libpq's key=value words, without what secures it.
    pub fn parse(
        url: &str,
        security: &Security<'_>,
        timeout: Duration,
        named: bool,
    ) -> Result<Self> {
        let parsed: Result<tokio_postgres::Config, _> = url.parse();
        let config = parsed.map_err(|_| {
            Error::invalid("DATABASE_URL is not an address such as postgres://user@host/database")
                .field("database.url")
        })?;
        let password = config.get_password().unwrap_or_default().to_vec();
        let password = Password::Given(String::from_utf8_lossy(&password).into_owned());
        Self::of(config, password, security, timeout, named)
    }

    fn of(
        mut config: tokio_postgres::Config,
        password: Password,
        security: &Security<'_>,
        timeout: Duration,
        named: bool,
    ) -> Result<Self> {
        config
            .application_name("agent-memory")
            .connect_timeout(timeout)
            .keepalives_idle(Duration::from_secs(60))
            .channel_binding(match security.channel_binding {
                "disable" => ChannelBinding::Disable,
                "require" => ChannelBinding::Require,
                _ => ChannelBinding::Prefer,
            });
        // Of several hosts one takes writes; libpq's default would stay with whichever answers first.
        if config.get_hosts().len() > 1
            && config.get_target_session_attrs() == TargetSessionAttrs::Any
        {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let local = config
            .get_hosts()
            .iter()
            .all(|host| matches!(host, Host::Unix(_)));
        // As in libpq there is no TLS over a socket, whatever the mode; `allow` and `prefer` try the other way when one is refused.
        let modes: &[SslMode] = match security.sslmode {
            _ if local => &[SslMode::Disable],
            "disable" => &[SslMode::Disable],
            "allow" => &[SslMode::Disable, SslMode::Require],
            "prefer" => &[SslMode::Prefer, SslMode::Disable],
            "require" | "verify-ca" | "verify-full" => &[SslMode::Require],
            other => {
                let message = format!(
                    "sslmode {other} is not known: use one of {} (PGSSLMODE)",
                    SSLMODES.join(", ")
                );
                return Err(Error::invalid(message).field("database.sslmode"));
            }
        };
        let encrypts = modes.iter().any(|mode| *mode != SslMode::Disable);
        let tls = match encrypts {
            true => Tls::new(&Trust::load(security)?, Identity::load(security)?)?,
            false => Tls::new(&Trust::Anyone, None)?,
        };
        let attempts = modes.iter().map(|mode| {
            let mut config = config.clone();
            config.ssl_mode(*mode);
            config
        });
        Ok(Self {
            attempts: attempts.collect(),
            password,
            tls,
            timeout,
            secured: security.variables().into(),
            named,
        })
    }

    /// The same database as another role; without a password of its own, with the same.
    pub fn as_role(&self, user: &str, password: Option<Password>) -> Self {
        let mut other = self.changed(|config| {
            config.user(user);
        });
        if let Some(password) = password {
            other.password = password;
        }
        other
    }

    /// The same address, as the role of another target.
    pub fn as_role_of(&self, other: &Self) -> Self {
        let mut same = self.as_role(other.user(), Some(other.password.clone()));
        same.named = other.named;
        same
    }

    /// The same, connecting to servers of a kind alone: `any`, `read-write`, `read-only`; as it is for any other word.
    pub fn only(&self, kind: &str) -> Self {
        let attributes = match kind {
            "any" => TargetSessionAttrs::Any,
            "read-write" => TargetSessionAttrs::ReadWrite,
            "read-only" => TargetSessionAttrs::ReadOnly,
            _ => return self.clone(),
        };
        self.changed(|config| {
            config.target_session_attrs(attributes);
        })
    }

    /// The same server, another database.
    pub fn with_database(&self, name: &str) -> Self {
        self.changed(|config| {
            config.dbname(name);
        })
    }

    /// The same database at another address: past a pooler, on a replica. What is empty stays as it is.
    pub fn at(&self, host: &str, port: &str, named: bool) -> Result<Self> {
        let known = self.variables();
        let of = |name: &str| {
            let found = known.iter().find(|(variable, _)| *variable == name);
            found.map_or("", |(_, value)| value.as_str())
        };
        let parts = Parts {
            host: if host.is_empty() { of("PGHOST") } else { host },
            port: if port.is_empty() { of("PGPORT") } else { port },
            database: self.database(),
            user: self.user(),
            security: Security {
                sslmode: of("PGSSLMODE"),
                sslrootcert: of("PGSSLROOTCERT"),
                sslcert: of("PGSSLCERT"),
                sslkey: of("PGSSLKEY"),
                channel_binding: of("PGCHANNELBINDING"),
            },
        };
        Self::new(&parts, self.password.clone(), self.timeout, named)
    }

    /// How libpq's programs reach it, as variables of theirs; the password is not among them.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let config = &self.attempts[0];
        let hosts: Vec<String> = config
            .get_hosts()
            .iter()
            .map(|host| match host {
                Host::Tcp(name) => name.clone(),
                Host::Unix(path) => path.display().to_string(),
            })
            .collect();
        let ports: Vec<String> = config.get_ports().iter().map(u16::to_string).collect();
        let mut all = self.secured.to_vec();
        if config.get_target_session_attrs() == TargetSessionAttrs::ReadWrite {
            all.push(("PGTARGETSESSIONATTRS", "read-write".to_owned()));
        }
        all.extend([
            ("PGHOST", hosts.join(",")),
            ("PGPORT", ports.join(",")),
            ("PGDATABASE", self.database().to_owned()),
            ("PGUSER", self.user().to_owned()),
        ]);
        all
    }

    fn changed(&self, change: impl Fn(&mut tokio_postgres::Config)) -> Self {
        let mut other = self.clone();
        other.attempts.iter_mut().for_each(change);
        other
    }

    /// The role it connects as.
    pub fn user(&self) -> &str {
        self.attempts[0].get_user().unwrap_or_default()
    }

    /// The database's name.
    pub fn database(&self) -> &str {
        self.attempts[0].get_dbname().unwrap_or_default()
    }

    /// Its password as it is now.
    pub fn password(&self) -> Result<String> {
        self.password.now()
    }

    /// Connects. The connection's work runs on a task of its own until the connection is dropped. A password that is refused may
    /// just be on its way to its file.
    pub async fn connect(&self) -> Result<Connection> {
        let began = Instant::now();
        loop {
            match self.try_connect().await {
                Err(error)
                    if matches!(&error, Failure::Theirs(error) if is_refused(error))
                        && matches!(self.password, Password::Kept(_))
                        && began.elapsed() < self.timeout =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                result => return result.map_err(|failure| self.explain(failure)),
            }
        }
    }

    async fn try_connect(&self) -> Result<Connection, Failure> {
        let password = self.password.now().map_err(Failure::Ours)?;
        let mut last = None;
        for config in &self.attempts {
            let mut config = config.clone();
            if !password.is_empty() {
                config.password(&password);
            }
            let manager = PostgresConnectionManager::new(config, self.tls.clone());
            match manager.connect().await {
                Ok(client) => {
                    return Ok(Connection::new(client, self.named, self.tls.clone()));
                }
                // Nobody there is nobody there, with TLS or without.
                Err(error) if error.as_db_error().is_none() && !is_tls(&error) => {
                    return Err(Failure::Theirs(error));
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.map_or_else(
            || Failure::Ours(Error::internal("no way to connect")),
            Failure::Theirs,
        ))
    }

    /// What a failure to connect means; where that was is among the causes, which clients are not told.
    fn explain(&self, failure: Failure) -> Error {
        let error = match failure {
            Failure::Ours(error) => return error,
            Failure::Theirs(error) => error,
        };
        let cause = std::error::Error::source(&error)
            .map_or_else(|| error.to_string(), ToString::to_string);
        let there = format!("{}: {cause}", self.url());
        if is_tls(&error) {
            let message = format!("no secure connection to the database: {cause} (see PGSSLMODE)");
            return Error::new(Kind::Unavailable, "database_tls", message).source(error);
        }
        if is_refused(&error) {
            let message =
                "the database refuses this role or its password (see PGUSER and PGPASSWORD)";
            return Error::new(Kind::Unavailable, "database_refuses", message).source(there);
        }
        Error::from(error).source(there)
    }

    /// `postgres://user@host:port/database`, without the password; every host of several.
    pub fn url(&self) -> String {
        let (config, name) = (&self.attempts[0], self.database());
        let port = config.get_ports().first().copied().unwrap_or(5432);
        match config.get_hosts().first() {
            Some(Host::Unix(path)) => format!(
                "postgres://{}@/{name}?host={}&port={port}",
                self.user(),
                path.display()
            ),
            Some(Host::Tcp(host)) => format!("postgres://{}@{host}:{port}/{name}", self.user()),
            None => String::new(),
        }
    }
}

enum Failure {
    Ours(Error),
    Theirs(tokio_postgres::Error),
}

fn is_refused(error: &tokio_postgres::Error) -> bool {
    let refusals = [
        SqlState::INVALID_PASSWORD,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
    ];
    error.code().is_some_and(|code| refusals.contains(code))
}

/// Whether it was the handshake that failed: its cause is rustls's, or what tokio-postgres says of a server without TLS.
fn is_tls(error: &tokio_postgres::Error) -> bool {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let tls = inner
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .is_some_and(|inner| inner.is::<rustls::Error>());
        if tls || inner.is::<rustls::Error>() {
            return true;
        }
        text = inner.to_string();
        cause = inner.source();
    }
    text.contains("TLS")
}

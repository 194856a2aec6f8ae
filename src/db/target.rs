//! Where the database is, and how to connect to it.

use super::connection::Connection;
use super::tls;
use crate::error::{Error, Result};
use std::time::Duration;
use tokio_postgres::config::{ChannelBinding, Host, SslMode};

/// A database to connect to as one role.
#[derive(Clone)]
pub struct Target {
    pub(super) config: tokio_postgres::Config,
    pub(super) tls: tls::Tls,
    /// Statements may stay prepared on its connections.
    pub named: bool,
}

/// The parts of a target, as libpq's variables name them.
#[derive(Clone, Debug, Default)]
pub struct Parts<'a> {
    /// A host name, an address, or a directory that holds a socket.
    pub host: &'a str,
    /// Its port.
    pub port: u16,
    /// The database's name.
    pub database: &'a str,
    /// The role.
    pub user: &'a str,
    /// Its password, empty for none.
    pub password: &'a str,
    /// `disable`, `prefer` or `require`.
    pub sslmode: &'a str,
}

impl Target {
    /// A target from its parts. `timeout` bounds a connection attempt.
    pub fn new(parts: &Parts<'_>, timeout: Duration, named: bool) -> Result<Self> {
        let mut config = tokio_postgres::Config::new();
        for host in parts.host.split(',') {
            config.host(host).port(parts.port);
        }
        config
            .dbname(parts.database)
            .user(parts.user)
            .application_name("agent-memory")
            .connect_timeout(timeout);
        if !parts.password.is_empty() {
            config.password(parts.password);
        }
        config.ssl_mode(match parts.sslmode {
            "disable" => SslMode::Disable,
            "prefer" | "" => SslMode::Prefer,
            "require" => SslMode::Require,
            other => {
                let message = format!(
                    "sslmode {other} is not known: use disable, prefer or require (PGSSLMODE)"
                );
                return Err(Error::invalid(message).field("sslmode"));
            }
        });
        config
            .channel_binding(ChannelBinding::Prefer)
            .keepalives_idle(Duration::from_secs(60));
        Ok(Self {
            config,
            tls: tls::unverified()?,
            named,
        })
    }

    /// A target from a `postgres://` address or libpq's key=value words.
    pub fn parse(url: &str, timeout: Duration, named: bool) -> Result<Self> {
        let parsed: Result<tokio_postgres::Config, _> = url.parse();
        let mut config = parsed.map_err(|_| {
            Error::invalid("DATABASE_URL is not an address such as postgres://user@host/database")
                .field("database.url")
        })?;
        config
            .application_name("agent-memory")
            .connect_timeout(timeout);
        Ok(Self {
            config,
            tls: tls::unverified()?,
            named,
        })
    }

    /// The same database as another role.
    pub fn as_role(&self, user: &str, password: &str) -> Self {
        let mut other = self.clone();
        other.config.user(user);
        if !password.is_empty() {
            other.config.password(password);
        }
        other
    }

    /// The same server, another database.
    pub fn with_database(&self, name: &str) -> Self {
        let mut other = self.clone();
        other.config.dbname(name);
        other
    }

    /// The role it connects as.
    pub fn user(&self) -> &str {
        self.config.get_user().unwrap_or_default()
    }

    /// Connects. The connection's work runs on a task of its own until the connection is dropped.
    pub async fn connect(&self) -> Result<Connection> {
        let (client, connection) = self.config.connect(self.tls.clone()).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                log::debug!("a database connection ended: {error}");
            }
        });
        Ok(Connection::new(client, self.named))
    }

    /// `postgres://user@host:port/database`, without the password.
    pub fn url(&self) -> String {
        let name = self.config.get_dbname().unwrap_or_default();
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        match self.config.get_hosts().first() {
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

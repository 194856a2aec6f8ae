//! What commands share: the configuration, the log, the runtime, a database.

use crate::app::App;
use crate::config::{Config, Flags, Loaded, load};
use crate::db::{Parts, Password, Roles, Security, Target, migrate};
use crate::error::{Error, Result};
use crate::postgres::{self, Disk, Embedded, run_as};
use crate::{clock, log as logging};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Loads the configuration and starts the log; `quiet` commands say nothing below a warning.
pub fn configure(flags: &Flags, quiet: bool) -> Result<Loaded> {
    let loaded = load(flags)?;
    if let Some((at, rate)) = loaded.config.clock()? {
        clock::set(at, rate);
    }
    let level = match loaded.config.log.level.parse() {
        Ok(level) if !quiet => level,
        Ok(level) => std::cmp::min(level, log::LevelFilter::Warn),
        Err(_) => log::LevelFilter::Info,
    };
    let journal = std::env::var_os("JOURNAL_STREAM").is_some() && !std::io::stderr().is_terminal();
    let format = match (journal, loaded.config.is_production()) {
        (true, _) => logging::Format::Journal,
        (false, true) => logging::Format::Json,
        (false, false) => logging::Format::Text,
    };
    logging::init(format, level);
    for warning in &loaded.warnings {
        log::warn!("{warning}");
    }
    Ok(loaded)
}

/// Stops being root where the embedded database asks for it; before the runtime's threads.
pub fn drop_root(config: &Config) -> Result<()> {
    if config.is_external() && config.embedded.run_as.is_empty() {
        return Ok(());
    }
    if let Some(user) = run_as::drop_root(&config.embedded.run_as, config.data_dir())? {
        log::info!("started as root, running as {}", user.name);
    }
    Ok(())
}

/// Runs a future to its end.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = runtime.map_err(Error::internal)?;
    let result = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_secs(2));
    result
}

/// The database of this configuration: as the application and as the owner, with our own server where it is embedded.
pub struct Database {
    /// As each of its roles.
    pub roles: Roles,
    /// Our own server, if this process started it.
    pub embedded: Option<Embedded>,
}

impl Database {
    /// Opens the database: the external one; else the embedded one, started by this process, or (`attach`) shared with a server
    /// that runs.
    pub async fn open(config: &Config, attach: bool) -> Result<Self> {
        if config.is_external() {
            return Ok(Self {
                roles: external(config)?,
                embedded: None,
            });
        }
        let (access, embedded) = match attach {
            true => postgres::attach(config).await?,
            false => {
                let server = Embedded::start(config).await?;
                (server.access.clone(), Some(server))
            }
        };
        Ok(Self {
            roles: access.roles(),
            embedded,
        })
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<usize> {
        migrate::up(&self.roles.owner, self.roles.application.user()).await
    }

    /// The server as a value, on this database.
    pub fn app(&mut self, config: Config) -> Result<Arc<App>> {
        let disk = self
            .embedded
            .as_mut()
            .map_or_else(Disk::default, |server| std::mem::take(&mut server.disk));
        App::new(config, self.roles.clone(), disk)
    }

    /// Stops what this process started.
    pub async fn close(self) {
        if let Some(server) = self.embedded {
            server.stop().await;
        }
    }
}

/// Runs work on the server as a value, on a migrated database that is opened for the time.
pub fn with_app<T>(flags: &Flags, work: impl AsyncFnOnce(Arc<App>) -> Result<T>) -> Result<T> {
    with_configured(configure(flags, true)?.config, work)
}

/// The same with a configuration that is loaded.
pub fn with_configured<T>(
    config: Config,
    work: impl AsyncFnOnce(Arc<App>) -> Result<T>,
) -> Result<T> {
    drop_root(&config)?;
    block_on(async {
        let mut database = Database::open(&config, true).await?;
        let result = async {
            database.migrate().await?;
            work(database.app(config)?).await
        }
        .await;
        database.close().await;
        result
    })
}

/// Refuses to look into a database that is not there: looking must not make one.
pub fn must_exist(config: &Config) -> Result<()> {
    if config.is_external() || config.data_dir().join("postgres/PG_VERSION").exists() {
        return Ok(());
    }
    let message = format!(
        "there is no database in {}: agent-memory serve makes one (or name another directory with --data-dir)",
        config.data_dir().display()
    );
    Err(Error::not_found(message))
}

/// An external database, from the PG* settings.
fn external(config: &Config) -> Result<Roles> {
    let database = &config.database;
    let timeout = Duration::from_millis(database.connection_timeout_ms);
    let security = security(config);
    let application = if database.url.is_empty() {
        let parts = Parts {
            host: &database.host,
            port: &database.port,
            database: &database.name,
            user: &database.user,
            security,
        };
        let password = given(&database.password, &database.password_file);
        let password = password.unwrap_or_else(|| passfile(config));
        Target::new(&parts, password, timeout, config.named_statements())?
    } else {
        Target::parse(&database.url, &security, timeout, config.named_statements())?
    };
    let application = application.only(&database.target_session_attrs);
    let owner = match database.owner_user.as_str() {
        "" => application.clone(),
        user => {
            let password = given(&database.owner_password, &database.owner_password_file);
            application.as_role(user, password)
        }
    };
    let backup = &config.backup;
    let restorer = match (backup.host.as_str(), backup.port) {
        ("", 0) => owner.clone(),
        (host, 0) => owner.at(host, "", true)?,
        (host, port) => owner.at(host, &port.to_string(), true)?,
    };
    let dumper = match backup.user.as_str() {
        "" => restorer.clone(),
        user => restorer.as_role(user, given(&backup.password, &backup.password_file)),
    };
    let replica = match database.replica_host.as_str() {
        "" => None,
        host => {
            let there = application.at(host, &database.replica_port, config.named_statements())?;
            Some(there.only("any"))
        }
    };
    Ok(Roles {
        replica,
        maker: restorer.with_database("postgres"),
        application,
        owner,
        restorer,
        dumper,
    })
}

/// A password among the settings, or in the file they name.
pub fn given(password: &str, file: &str) -> Option<Password> {
    match (file, password) {
        ("", "") => None,
        ("", password) => Some(Password::Given(password.to_owned())),
        (file, _) => Some(kept(file)),
    }
}

/// How connections to an external database are secured.
pub fn security(config: &Config) -> Security<'_> {
    Security {
        sslmode: config.sslmode(),
        sslrootcert: &config.database.sslrootcert,
        sslcert: &config.database.sslcert,
        sslkey: &config.database.sslkey,
        channel_binding: &config.database.channel_binding,
    }
}

/// A password in a file of its own.
pub fn kept(file: &str) -> Password {
    let file = PathBuf::from(file);
    Password::Kept(Arc::new(move || {
        let text = std::fs::read_to_string(&file).map_err(|error| {
            Error::invalid(format!("{} cannot be read: {error}", file.display()))
                .field("database.password_file")
        })?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }))
}

/// The password of a libpq passfile: the first line whose fields fit.
fn passfile(config: &Config) -> Password {
    let database = config.database.clone();
    Password::Kept(Arc::new(move || {
        let text = std::fs::read_to_string(&database.passfile).unwrap_or_default();
        let wanted = [
            database.host.as_str(),
            &database.port,
            &database.name,
            &database.user,
        ];
        let found = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .find_map(|line| {
                let mut fields = line.splitn(5, ':');
                let fits = wanted.iter().all(|wanted| {
                    fields
                        .next()
                        .is_some_and(|field| field == "*" || field == *wanted)
                });
                fits.then(|| fields.next())
                    .flatten()
                    .map(|password| password.replace("\\:", ":").replace("\\\\", "\\"))
            });
        Ok(found.unwrap_or_default())
    }))
}

/// Seconds since `began`, for people.
pub fn since(began: chrono::DateTime<chrono::Utc>) -> String {
    format!(
        "{:.2} s",
        (clock::now() - began).num_milliseconds() as f64 / 1000.0
    )
}

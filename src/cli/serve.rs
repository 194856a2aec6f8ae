//! `serve`: postgres, migrate, pool, app, jobs, listener, ready; then the reverse.

use super::open::{Database, block_on, configure, drop_root, since};
use crate::app::App;
use crate::config::{Config, Flags};
use crate::doctor::{self, Level};
use crate::error::{Error, Result};
use crate::http::Listeners;
use crate::key::{digest, fresh};
use crate::stop::Stopper;
use crate::tenant::INSTALLATION;
use crate::{clock, http, id, jobs, seal, sql, systemd};
use clap::Args;
use std::io::IsTerminal;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// Options of `serve`.
#[derive(Args, Default)]
pub struct Serve {
    /// The port to listen on; 0 takes a free one.
    #[arg(long)]
    port: Option<u16>,
    /// The addresses to listen on, separated by commas.
    #[arg(long)]
    host: Option<String>,
}

impl Serve {
    /// Runs the server until a signal or a failure ends it.
    pub fn run(self, mut flags: Flags) -> Result<()> {
        if let Some(port) = self.port {
            flags
                .settings
                .push(("port", "server.port", port.to_string()));
        }
        if let Some(host) = self.host {
            flags.settings.push(("host", "server.host", host));
        }
        let loaded = configure(&flags, false)?;
        let config = loaded.config;
        log::info!(
            "Thread's Memory System {}, on {}",
            env!("CARGO_PKG_VERSION"),
            which_database(&config)
        );
        drop_root(&config)?;
        block_on(async {
            let stopper = Stopper::default();
            watch_signals(&stopper, flags)?;
            whole(config, &stopper).await
        })
    }
}

/// The server from the database up, until the stopper says so or something essential fails.
async fn whole(config: Config, stopper: &Stopper) -> Result<()> {
    let began = clock::now();
    // The port first: a port that is taken is known before a database is made.
    let listeners = http::bind(&config.addresses()?, config.server.port).await?;
    let mut database = tokio::select! {
        opened = Database::open(&config, false) => opened?,
        () = stopper.stopped() => return Ok(()),
    };
    let result = async {
        database.migrate().await?;
        // The role of every request, which may be another than the one that migrates.
        database.roles.application.connect().await?;
        let app = database.app(config.clone())?;
        seal::settle(&app.vault, &app.owner).await?;
        let key = first_key(&app).await?;
        let addresses: Vec<String> = listeners
            .sockets
            .iter()
            .filter_map(|l| l.local_addr().ok())
            .map(|a| format!("http://{a}"))
            .collect();
        if !app.keys_on && app.config.is_open() {
            log::warn!(
                "keys are off on an open listener: whoever reaches it reads and writes everything"
            );
        }
        for finding in doctor::ages_and_modes(&app.config, clock::now()) {
            if let (Level::Warn, Some(mend)) = (finding.level, &finding.mend) {
                log::warn!("{}; {mend}", finding.what);
            }
        }
        greet(&app, &database, &addresses, key.as_deref(), &since(began));
        systemd::ready(&format!("serving on {}", addresses.join(", ")));
        let failed = async {
            match &database.embedded {
                Some(server) => server.failed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            served = serve(&app, listeners, stopper) => served,
            error = failed => Err(error),
        }
    }
    .await;
    systemd::stopping();
    database.close().await;
    log::info!("stopped");
    result
}

/// Serves requests and runs jobs on a built app: what tests call as well. The first task to fail ends the rest.
pub async fn serve(app: &Arc<App>, listeners: Listeners, stopper: &Stopper) -> Result<()> {
    let mut tasks = JoinSet::new();
    let jobs_stopper = Stopper::default();
    tasks.spawn({
        let (app, stopper) = (app.clone(), stopper.clone());
        async move { http::serve(&app, listeners, &stopper).await }
    });
    let jobs = tokio::spawn(jobs::run(app.clone(), jobs_stopper.clone()));
    if let Some(interval) = systemd::watchdog() {
        tasks.spawn(keep_alive(app.clone(), interval / 2, stopper.clone()));
    }
    let mut result = Ok(());
    while let Some(ended) = tasks.join_next().await {
        let ended = ended.map_err(Error::internal).and_then(|ended| ended);
        if result.is_ok() {
            result = ended;
        }
        // Whoever ends first, well or not, ends the others.
        stopper.stop();
    }
    jobs_stopper.stop();
    jobs.await.map_err(Error::internal)?;
    result
}

/// Tells systemd's watchdog that requests could be answered.
async fn keep_alive(app: Arc<App>, interval: std::time::Duration, stopper: Stopper) -> Result<()> {
    loop {
        tokio::select! {
            () = stopper.stopped() => return Ok(()),
            () = tokio::time::sleep(interval) => {
                // A database that is away is not ours to be restarted for; a runtime that hangs never gets here.
                let _ = app.db.ping().await;
                systemd::alive();
            }
        }
    }
}

/// SIGTERM and SIGINT stop the server, a second one at once; SIGHUP reloads what can be reloaded.
fn watch_signals(stopper: &Stopper, flags: Flags) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(Error::internal)?;
    let stopper = stopper.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hangup.recv() => {
                    reload(&flags);
                    continue;
                }
            }
            if stopper.is_stopped() {
                log::warn!("told to stop again: requests under way are cut");
                std::process::exit(130);
            }
            log::info!("stopping: requests under way may end");
            stopper.stop();
        }
    });
    Ok(())
}

/// The log's level is read again; everything else needs a restart, and says so.
fn reload(flags: &Flags) {
    match crate::config::load(flags) {
        Ok(loaded) => {
            if let Ok(level) = loaded.config.log.level.parse() {
                log::set_max_level(level);
            }
            log::info!(
                "reloaded: the log's level is {}; other settings take effect at the next start",
                loaded.config.log.level
            );
        }
        Err(error) => log::error!("not reloaded, the configuration cannot be used: {error}"),
    }
}

fn which_database(config: &Config) -> String {
    match config.is_external() {
        true if config.database.url.is_empty() => {
            format!(
                "the external database {} at {}:{}",
                config.database.name, config.database.host, config.database.port
            )
        }
        true => "the external database of DATABASE_URL".to_owned(),
        false => format!("its own PostgreSQL in {}", config.data_dir().display()),
    }
}

/// With keys on and no key of the installation yet: makes the first admin key, or takes the one that was given.
async fn first_key(app: &App) -> Result<Option<String>> {
    if !app.keys_on {
        return Ok(None);
    }
    let file = app.config.admin_key_file();
    let owner = app.owner.connect().await?;
    let given = std::fs::read_to_string(&file)
        .ok()
        .map(|text| text.trim().to_owned())
        .filter(|key| !key.is_empty());
    owner.batch("begin").await?;
    // Of servers that start together one makes it.
    owner.query(sql!("system/migrations_lock"), &[]).await?;
    owner
        .query(sql!("system/bind"), &[&INSTALLATION, &"30s", &"auto"])
        .await?;
    let there = !owner
        .query(sql!("system/first_key_there"), &[])
        .await?
        .is_empty();
    if there && given.is_none() {
        return Ok(None);
    }
    let key = match &given {
        Some(key) => key.clone(),
        None => {
            let key = fresh();
            let parent = file
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            if let Some(parent) = parent {
                std::fs::create_dir_all(parent).map_err(Error::internal)?;
            }
            write_key(&file, &key)?;
            key
        }
    };
    let (key_id, at) = id::new("key");
    owner
        .query(sql!("system/first_key"), &[&key_id, &digest(&key), &at])
        .await?;
    owner.batch("commit").await?;
    Ok(Some(file.display().to_string()))
}

fn write_key(file: &std::path::Path, key: &str) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let open = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file);
    let written = open.and_then(|mut file| writeln!(file, "{key}").and_then(|()| file.sync_all()));
    written.map_err(|error| {
        Error::invalid(format!(
            "the admin key cannot be written to {}: {error}",
            file.display()
        ))
        .field("access.admin_key_file")
    })
}

/// One friendly block: where it listens, where the data is, what to try next.
fn greet(app: &App, database: &Database, addresses: &[String], key: Option<&str>, took: &str) {
    let colour = std::io::stdout().is_terminal();
    let (bold, off) = if colour {
        ("\x1b[1m", "\x1b[0m")
    } else {
        ("", "")
    };
    let url = addresses.first().map_or("", String::as_str);
    let bearer = if app.keys_on {
        " -H \"Authorization: Bearer $KEY\""
    } else {
        ""
    };
    let open = app.config.is_open();
    let keys = match (app.keys_on, key) {
        (false, _) if !open => "off: this machine only".to_owned(),
        (false, _) => "OFF: whoever reaches this address reads and writes everything".to_owned(),
        (true, Some(file)) => format!("on; the admin key is in {file}"),
        (true, None) => "on".to_owned(),
    };
    let source = database.embedded.as_ref().map_or_else(
        || "external".to_owned(),
        |server| {
            format!(
                "embedded PostgreSQL {} ({})",
                server.binaries.version, server.binaries.source
            )
        },
    );
    let text = format!(
        "{bold}Thread's Memory System {} is ready{off} after {took}\n  \
         address   {}\n  database  {source}, {}\n  data      {}\n  keys      {keys}\n  \
         try       curl{bearer} '{url}/api/v1/wake-up?with_whom=me'\n  agents    MCP at {url}/mcp, or: agent-memory mcp",
        env!("CARGO_PKG_VERSION"),
        addresses.join(", "),
        app.db.target().url(),
        app.config.data_dir().display(),
    );
    // Nobody may be reading our output any more; that is no reason not to serve.
    let _ = super::print(&text);
}

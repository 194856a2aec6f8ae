//! The embedded server from end to end: find or fetch the programs, make the cluster, start it, make its roles.

use super::disk::{Disk, wal_mib};
use super::find::{Binaries, MAJOR, find};
use super::install::install;
use super::paths::{Lock, Paths, write_private};
use super::settings::{
    APPLICATION, DATABASE, OWNER, SUPERUSER, arguments, cluster_major, has_library, initialise,
};
use super::supervise::{Plan, Supervisor};
use super::{bundle, settings};
use crate::config::Config;
use crate::db::{Connection, Parts, Password, Roles, Security, Target, init, verifier};
use crate::error::{Error, Kind, Result};
use crate::{id, sql};
use base64::Engine;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long PostgreSQL may take to accept connections; recovery after a crash is part of it.
const READY: Duration = Duration::from_secs(120);

/// Which roles and rights [`make_roles`] makes: to be raised when it makes others.
const ROLES: &str = "2\n";

/// How to reach the embedded server, as each of its roles.
#[derive(Clone)]
pub struct Access {
    /// The application's role.
    pub application: Target,
    /// The owner, for migrations.
    pub owner: Target,
    /// The superuser, for setting up.
    pub superuser: Target,
}

impl Access {
    /// As the roles that the server works in.
    pub fn roles(&self) -> Roles {
        let database = self.application.database();
        Roles {
            replica: None,
            application: self.application.clone(),
            owner: self.owner.clone(),
            restorer: self.owner.clone(),
            dumper: self.superuser.with_database(database),
            maker: self.superuser.clone(),
        }
    }
}

/// The embedded server while this process looks after it.
pub struct Embedded {
    supervisor: Supervisor,
    /// How to reach it.
    pub access: Access,
    /// The programs it runs from.
    pub binaries: Binaries,
    /// The disk it is on.
    pub disk: Disk,
    _lock: Lock,
}

impl Embedded {
    /// Brings the server up: nothing is ever deleted, moved or initialised over.
    pub async fn start(config: &Config) -> Result<Self> {
        let paths = Paths::new(config.data_dir());
        paths.prepare()?;
        let lock = paths.lock()?;
        settings::tidy(&paths);
        let cluster = cluster_major(&paths.cluster)?;
        let binaries = programs(config, &paths, cluster).await?;
        let passwords = Passwords::load_or_make(&paths, cluster.is_none())?;
        if cluster.is_none() {
            log::info!(
                "making a database in {} with PostgreSQL {} ({})",
                paths.cluster.display(),
                binaries.version,
                binaries.source
            );
            initialise(&binaries, &paths, &passwords.superuser)?;
        }
        let wal = wal_mib(&paths.cluster);
        let connections = config.database.pool_max + 20;
        let supervisor = Supervisor::start(Plan {
            program: binaries.program("postgres"),
            arguments: arguments(&binaries, &paths, connections, wal),
            cluster: paths.cluster.clone(),
        })?;
        let access = access(config, &paths)?;
        let disk = Disk::watch(&paths.cluster, config.embedded.reserve_mib, wal);
        let server = Self {
            supervisor,
            access,
            binaries,
            disk,
            _lock: lock,
        };
        if let Err(error) = server.make_ready(&paths, &passwords).await {
            server.stop().await;
            return Err(error);
        }
        record(&paths, &server.binaries)?;
        Ok(server)
    }

    async fn make_ready(&self, paths: &Paths, passwords: &Passwords) -> Result<()> {
        let started = Instant::now();
        loop {
            if let Some(cause) = self.supervisor.failure() {
                return Err(Error::new(Kind::Unavailable, "postgres_failed", cause));
            }
            if self.supervisor.is_ready() {
                match self.access.superuser.connect().await {
                    Ok(connection) => {
                        connection.ping().await?;
                        break;
                    }
                    Err(error) if started.elapsed() > READY => return Err(error),
                    // It says ready a moment before it is; everything else will not pass by itself.
                    Err(error) if error.kind() != Kind::Unavailable => return Err(error),
                    Err(error) => log::debug!("not yet: {}", error.causes()),
                }
            }
            if started.elapsed() > READY {
                return Err(Error::new(
                    Kind::Unavailable,
                    "postgres_failed",
                    "PostgreSQL did not become ready within 120 s",
                ));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let marker = paths.home.join("roles-made");
        // What an earlier version made is brought to what this one makes.
        if !std::fs::read_to_string(&marker).is_ok_and(|made| made == ROLES) {
            make_roles(
                &self.access,
                passwords,
                has_library(&self.binaries, "pg_stat_statements.so"),
            )
            .await?;
            write_private(&marker, ROLES)?;
        }
        Ok(())
    }

    /// Waits until PostgreSQL is lost for good, and says why.
    pub async fn failed(&self) -> Error {
        loop {
            if let Some(cause) = self.supervisor.failure() {
                return Error::new(Kind::Unavailable, "postgres_failed", cause);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Stops the server and waits until it is gone.
    pub async fn stop(&self) {
        let supervisor = self.supervisor.clone();
        // A panic in there would have been logged; there is nothing left to stop.
        let _ = tokio::task::spawn_blocking(move || supervisor.stop()).await;
    }
}

impl Drop for Embedded {
    /// A start that is given up half-way must not leave a postmaster behind; one that was stopped has nothing left to do.
    fn drop(&mut self) {
        self.supervisor.stop();
    }
}

/// A database for one command: the running server's where there is one, else our own for the time.
pub async fn attach(config: &Config) -> Result<(Access, Option<Embedded>)> {
    match Embedded::start(config).await {
        Ok(server) => Ok((server.access.clone(), Some(server))),
        Err(error) if error.code() == "data_dir_in_use" => {
            let paths = Paths::new(config.data_dir());
            Ok((access(config, &paths)?, None))
        }
        Err(error) => Err(error),
    }
}

async fn programs(config: &Config, paths: &Paths, cluster: Option<u32>) -> Result<Binaries> {
    // What was carried here is known to work with any user, and on any machine.
    if config.embedded.bin_dir.is_empty()
        && let Some(bundled) = bundle::unpacked(paths, cluster)?
    {
        return Ok(bundled);
    }
    if let Some(found) = find(&config.embedded, paths, cluster)? {
        return Ok(found);
    }
    let major = cluster.unwrap_or(MAJOR);
    let mend = format!(
        "install it with: apt-get install postgresql-{major}  (or set AGENT_MEMORY_PG_BIN, or PGHOST for an external database)"
    );
    let fetchable = config
        .embedded
        .version
        .split('.')
        .next()
        .and_then(|text| text.parse().ok())
        == Some(major);
    if !config.embedded.download || !fetchable {
        let why = if fetchable {
            "and downloading is off"
        } else {
            "and the configured download has another major version"
        };
        let message = format!("PostgreSQL {major} was not found, {why}; {mend}");
        return Err(Error::new(Kind::Unavailable, "postgres_missing", message));
    }
    install(&config.embedded, paths)
        .await
        .map_err(|error| match error.code() {
            "download_failed" => Error::new(
                Kind::Unavailable,
                "postgres_missing",
                format!("PostgreSQL {major} was not found; {error}; {mend}"),
            ),
            _ => error,
        })
}

/// The passwords of our three roles.
struct Passwords {
    superuser: String,
    owner: String,
    application: String,
}

impl Passwords {
    fn fresh() -> Self {
        let fresh = || base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(id::random::<32>());
        Self {
            superuser: fresh(),
            owner: fresh(),
            application: fresh(),
        }
    }

    /// As it stands in the passfile, in libpq's form.
    fn text(&self) -> String {
        let line = |role: &str, password: &str| format!("*:*:*:{role}:{password}\n");
        line(SUPERUSER, &self.superuser)
            + &line(OWNER, &self.owner)
            + &line(APPLICATION, &self.application)
    }

    fn load_or_make(paths: &Paths, may_make: bool) -> Result<Self> {
        match std::fs::read_to_string(&paths.passfile) {
            Ok(text) => {
                let of = |role: &str| {
                    let line = text.lines().find_map(|line| {
                        line.strip_prefix(&format!("*:*:*:{role}:"))
                            .map(str::to_owned)
                    });
                    line.ok_or_else(|| {
                        Error::new(
                            Kind::Conflict,
                            "passfile",
                            format!("{} has no line for {role}", paths.passfile.display()),
                        )
                    })
                };
                Ok(Self {
                    superuser: of(SUPERUSER)?,
                    owner: of(OWNER)?,
                    application: of(APPLICATION)?,
                })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && may_make => {
                let made = Self::fresh();
                write_private(&paths.passfile, &made.text())?;
                Ok(made)
            }
            Err(error) => Err(super::paths::io("read", &paths.passfile, error)),
        }
    }
}

fn access(config: &Config, paths: &Paths) -> Result<Access> {
    let host = paths.socket.display().to_string();
    let parts = Parts {
        host: &host,
        port: "5432",
        database: DATABASE,
        user: APPLICATION,
        security: Security {
            sslmode: "disable",
            ..Security::default()
        },
    };
    // Looked up for every connection: the passwords may be changed while the server runs.
    let kept = |of: fn(Passwords) -> String| {
        let paths = paths.clone();
        Password::Kept(Arc::new(move || {
            Ok(of(Passwords::load_or_make(&paths, false)?))
        }))
    };
    let application = Target::new(
        &parts,
        kept(|all| all.application),
        Duration::from_millis(config.database.connection_timeout_ms),
        config.named_statements(),
    )?;
    Ok(Access {
        owner: application.as_role(OWNER, Some(kept(|all| all.owner))),
        superuser: application
            .as_role(SUPERUSER, Some(kept(|all| all.superuser)))
            .with_database("postgres"),
        application,
    })
}

/// Makes the roles and the database; what is there stays, so an interrupted first start can be repeated.
async fn make_roles(access: &Access, passwords: &Passwords, statistics: bool) -> Result<()> {
    let connection = access.superuser.connect().await?;
    for (role, password) in [
        (OWNER, &passwords.owner),
        (APPLICATION, &passwords.application),
    ] {
        let rows = connection
            .query(sql!("system/make_role"), &[&role, &verifier(password)])
            .await?;
        for row in rows {
            connection.batch(row.get(0)).await?;
        }
    }
    if connection
        .query(sql!("system/database_there"), &[&DATABASE])
        .await?
        .is_empty()
    {
        connection
            .batch(&format!("create database {DATABASE} owner {OWNER}"))
            .await?;
    }
    connection.batch(&format!("revoke all on database {DATABASE} from public; grant connect on database {DATABASE} to {APPLICATION}")).await?;
    let inside = access.superuser.with_database(DATABASE).connect().await?;
    let names = init::Names {
        database: DATABASE,
        owner: OWNER,
        application: APPLICATION,
        backup: SUPERUSER,
    };
    for statement in init::inside(&inside, &names).await? {
        inside.batch(&statement).await?;
    }
    if statistics {
        inside
            .batch("create extension if not exists pg_stat_statements")
            .await?;
    }
    Ok(())
}

/// Gives the owner and the application new passwords while a server runs. The file changes first; connections that are refused
/// meanwhile try again until the database has them too. Cut off in between, it is finished by running it again. The superuser's, which
/// no server uses, stays: whoever lost it in between could not get in any more.
pub async fn rotate_passwords(config: &Config, access: &Access) -> Result<Vec<String>> {
    let paths = Paths::new(config.data_dir());
    let connection = access.superuser.connect().await?;
    let new = Passwords {
        superuser: Passwords::load_or_make(&paths, false)?.superuser,
        ..Passwords::fresh()
    };
    write_private(&paths.passfile, &new.text())?;
    for (role, password) in [(OWNER, &new.owner), (APPLICATION, &new.application)] {
        set_password(&connection, role, password).await?;
    }
    Ok([OWNER, APPLICATION].map(str::to_owned).to_vec())
}

async fn set_password(connection: &Connection, role: &str, password: &str) -> Result<()> {
    let rows = connection
        .query(sql!("system/set_password"), &[&role, &verifier(password)])
        .await?;
    for row in &rows {
        connection.batch(row.get(0)).await?;
    }
    Ok(())
}

/// Writes down where the programs came from.
fn record(paths: &Paths, binaries: &Binaries) -> Result<()> {
    let text = format!(
        "PostgreSQL {} from {} ({})\n",
        binaries.version,
        binaries.dir.display(),
        binaries.source
    );
    let file = paths.home.join("postgres-source");
    match std::fs::read_to_string(&file).is_ok_and(|there| there == text) {
        true => Ok(()),
        false => write_private(&file, &text),
    }
}

//! A database that is made for a restore or a trial, filled, and dropped or put in its place.

use super::manifest::{DUMP, Manifest, Tenant};
use super::program::{PIECE, Programs, Running};
use super::swap::swap;
use super::tenant::{self, Into};
use crate::app::App;
use crate::db::{Connection, Roles, init, migrate, quoted};
use crate::error::{Error, Kind, Result};
use crate::file::io;
use crate::postgres::{Disk, Embedded};
use crate::report::Report;
use crate::{id, sql};
use base64::Engine;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// What scratch databases' names begin with: what a killed restore left is known by it.
pub const PREFIX: &str = "agent_memory_scratch_";

/// How long our own connections take to end.
const LEAVING: Duration = Duration::from_secs(10);

/// A database of its own.
pub struct Scratch {
    /// Its name.
    pub name: String,
    /// It, as each role.
    pub roles: Roles,
    place: Place,
}

/// Where it is.
enum Place {
    /// Beside the others. The connection holds it, so that nobody takes it for a leftover.
    Server(Connection),
    /// In a cluster of its own, which is gone with it.
    Cluster(Box<Embedded>, tempfile::TempDir),
}

impl Scratch {
    /// Makes it, as the one of `app` is; what an earlier one left is dropped.
    ///
    /// # Errors
    /// `cannot_make_databases`: the role may not.
    pub async fn make(app: &App) -> Result<Self> {
        let maker = app.roles.maker.connect().await.map_err(denied)?;
        for row in maker
            .query(sql!("system/databases_like"), &[&PREFIX])
            .await?
        {
            let left: String = row.get(0);
            if hold(&maker, &left).await? {
                let _ = maker
                    .batch(&format!("drop database {}", quoted(&left)))
                    .await;
            }
        }
        let name = format!("{PREFIX}{}", &id::new("x").0[2..]);
        hold(&maker, &name).await?;
        let like = app.roles.owner.database();
        let owner = app.roles.restorer.user();
        let statements = maker
            .query(sql!("system/database_make"), &[&name, &owner, &like])
            .await?;
        if statements.is_empty() {
            let message = format!(
                "the database {like:?} is not there: agent-memory db init --admin-url … makes it, empty; then restore again"
            );
            return Err(Error::new(Kind::NotFound, "database_missing", message));
        }
        for row in &statements {
            maker.batch(row.get(0)).await.map_err(denied)?;
        }
        let scratch = Self {
            roles: app.roles.with_database(&name),
            name,
            place: Place::Server(maker),
        };
        match scratch.prepare(app).await {
            Ok(()) => Ok(scratch),
            Err(error) => {
                scratch.drop().await;
                Err(error)
            }
        }
    }

    /// The same for a trial: where the role may not make databases, in a cluster of its own.
    pub async fn for_trial(app: &App) -> Result<Self> {
        let refusal = match Self::make(app).await {
            Err(error) if error.code() == "cannot_make_databases" => error,
            result => return result,
        };
        let own = async {
            // Where sockets' paths are short.
            let home = tempfile::tempdir().map_err(Error::internal)?;
            let mut config = app.config.clone();
            config.embedded.data_dir = home.path().join("trial").display().to_string();
            let server = Embedded::start(&config).await?;
            let roles = server.access.roles();
            Ok::<_, Error>(Self {
                name: roles.owner.database().to_owned(),
                roles,
                place: Place::Cluster(Box::new(server), home),
            })
        };
        own.await.map_err(|error| {
            let message = format!(
                "{} A trial in a cluster of its own is not possible here either: {}",
                refusal.message(),
                error.message()
            );
            Error::new(Kind::Forbidden, "cannot_make_databases", message).source(error)
        })
    }

    /// Puts it in the place of the database of `app`; what the one before is called from then on.
    ///
    /// # Errors
    /// It could not be: everything is as it was, and this one is dropped.
    pub async fn put_in_place(self, app: &App) -> Result<String> {
        let Place::Server(maker) = &self.place else {
            return Err(Error::internal("a trial's cluster is put nowhere"));
        };
        match swap(&app.roles, maker, &self.name).await {
            Ok(previous) => Ok(previous),
            Err(error) => {
                self.drop().await;
                Err(error)
            }
        }
    }

    async fn prepare(&self, app: &App) -> Result<()> {
        let inside = self.roles.maker.with_database(&self.name).connect().await?;
        let names = init::Names {
            database: &self.name,
            owner: self.roles.restorer.user(),
            application: self.roles.application.user(),
            backup: self.roles.dumper.user(),
        };
        for statement in init::inside(&inside, &names).await? {
            inside.batch(&statement).await?;
        }
        let there = app.roles.restorer.connect().await?;
        for row in there.query(sql!("system/extensions"), &[]).await? {
            let name: String = row.get(0);
            let made = format!("create extension if not exists {}", quoted(&name));
            if let Err(error) = inside.batch(&made).await {
                log::warn!(
                    "the extension {name} is not in the new database: {}",
                    error.causes()
                );
            }
        }
        Ok(())
    }

    /// Drops it; what cannot be dropped is dropped by the next one that is made.
    pub async fn drop(self) {
        let maker = match self.place {
            Place::Server(maker) => maker,
            Place::Cluster(server, _home) => return server.stop().await,
        };
        let drop = format!("drop database {} with (force)", quoted(&self.name));
        let began = Instant::now();
        // Who may not end others' connections waits until our own have ended.
        while let Err(error) = maker.batch(&drop).await {
            if began.elapsed() > LEAVING {
                log::warn!(
                    "the database {} is left over: {}",
                    self.name,
                    error.causes()
                );
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The server as a value, on it.
    pub fn app(&self, app: &App) -> Result<Arc<App>> {
        App::new(app.config.clone(), self.roles.clone(), Disk::default())
    }

    /// Fills it from a set: from its dump, or from its exports where there is none. The schema is brought up to date.
    pub async fn fill(
        &self,
        app: &App,
        dir: &Path,
        manifest: &Manifest,
        report: &Report,
    ) -> Result<()> {
        let newest = migrate::all()?.last().map_or(0, |step| step.version);
        if manifest.schema_version > newest {
            let message = format!(
                "the backup is of agent-memory {} with schema {}, newer than this one's {newest}: restore it with that version",
                manifest.version, manifest.schema_version
            );
            return Err(Error::new(Kind::Conflict, "schema_newer", message));
        }
        match &manifest.dump {
            Some(dump) => {
                self.load_dump(app, &dir.join(DUMP), report).await?;
                self.compare(dump).await?;
                self.migrate().await
            }
            None => {
                self.migrate().await?;
                self.load_exports(app, dir, manifest, report).await
            }
        }
    }

    /// Brings the schema up to date, and ends what was under way.
    pub async fn migrate(&self) -> Result<()> {
        migrate::up(&self.roles.restorer, self.roles.application.user()).await?;
        let owner = self.roles.restorer.connect().await?;
        owner.query(sql!("system/runs_restored"), &[]).await?;
        Ok(())
    }

    async fn load_dump(&self, app: &App, dump: &Path, report: &Report) -> Result<()> {
        let programs = Programs::find(
            &app.config,
            server_major(&self.roles.restorer.connect().await?).await?,
        )?;
        report.stage("restoring the database", 0);
        let path = dump.display().to_string();
        let list = listed(programs.start(
            "pg_restore",
            &self.roles.restorer,
            &["--list", &path],
            Stdio::null(),
            Stdio::piped(),
        )?)
        .await?;
        // Policies last of all: a foreign key cannot be checked under one that is forced, and several jobs at once keep no order.
        for wanted in parts(&list) {
            let mut file = NamedTempFile::new().map_err(Error::internal)?;
            file.write_all(wanted.as_bytes())
                .map_err(|error| io("write", file.path(), error))?;
            let chosen = file.path().display().to_string();
            let arguments = [
                "--exit-on-error",
                "--no-owner",
                "--no-acl",
                "--no-password",
                "--jobs=2",
                "--use-list",
                &chosen,
                "--dbname",
                &self.name,
                &path,
            ];
            let running = programs.start(
                "pg_restore",
                &self.roles.restorer,
                &arguments,
                Stdio::null(),
                Stdio::null(),
            )?;
            running.end().await?;
        }
        Ok(())
    }

    /// Whether every table has the rows that the manifest says.
    async fn compare(&self, dump: &super::manifest::Dump) -> Result<()> {
        // Who made the dump sees every row; with row_security off, not to see one is an error.
        let connection = self.roles.dumper.connect().await?;
        connection.batch("set row_security to off").await?;
        for (table, expected) in &dump.rows {
            let text = format!("select count(*) from {table} where $1 <> ''");
            let found = connection.count_for(&text, "*").await?;
            if found != *expected {
                let message = format!(
                    "{table} has {found} rows after the restore, the backup says {expected}"
                );
                return Err(Error::new(Kind::Conflict, "backup_damaged", message));
            }
        }
        Ok(())
    }

    async fn load_exports(
        &self,
        app: &App,
        dir: &Path,
        manifest: &Manifest,
        report: &Report,
    ) -> Result<()> {
        let inside = self.app(app)?;
        let owner = self.roles.restorer.connect().await?;
        for part in &manifest.tenants {
            report.stage(format!("restoring {}", part.tenant_id), 0);
            self.tenant(&inside, &owner, part).await?;
            let file = dir.join(&part.file);
            tenant::take(
                &inside,
                &file,
                &part.tenant_id,
                Into::Empty,
                None,
                false,
                report,
            )
            .await?;
            let settings = part.settings.to_string();
            owner
                .query(
                    sql!("system/tenant_settings"),
                    &[&part.tenant_id, &settings],
                )
                .await?;
        }
        Ok(())
    }

    /// A tenant as it was: where its rows are, and the key that its sealed texts are under.
    async fn tenant(&self, inside: &Arc<App>, owner: &Connection, part: &Tenant) -> Result<()> {
        tenant::make(inside, &part.tenant_id, &part.isolation).await?;
        if let Some(key) = &part.data_key {
            let wrapped = base64::engine::general_purpose::STANDARD
                .decode(&key.wrapped)
                .map_err(Error::internal)?;
            owner
                .query(
                    sql!("system/data_key_put"),
                    &[&part.tenant_id, &wrapped, &key.wrapped_by],
                )
                .await?;
            inside.places.forget(&part.tenant_id);
        }
        Ok(())
    }
}

async fn hold(maker: &Connection, name: &str) -> Result<bool> {
    let rows = maker.query(sql!("system/database_hold"), &[&name]).await?;
    Ok(rows.first().is_some_and(|row| row.get(0)))
}

/// The major version of a server.
pub async fn server_major(connection: &Connection) -> Result<u32> {
    let rows = connection.query(sql!("system/version"), &[]).await?;
    let version: String = rows.first().map(|row| row.get(0)).unwrap_or_default();
    let major = version.split(|c: char| !c.is_ascii_digit()).next();
    major
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Error::internal("a server without a version"))
}

async fn listed(mut running: Running) -> Result<String> {
    let (mut text, mut buffer) = (Vec::new(), vec![0; PIECE]);
    loop {
        match running.next(&mut buffer).await? {
            [] => break,
            piece => text.extend_from_slice(piece),
        }
    }
    running.end().await?;
    String::from_utf8(text).map_err(Error::internal)
}

/// A dump's list in two parts: everything but the policies, and the policies. Extensions are in neither: only a superuser may make them,
/// and they are there already.
fn parts(list: &str) -> [String; 2] {
    let mut parts = [String::new(), String::new()];
    for line in list.lines().filter(|line| !line.starts_with(';')) {
        // 215; 1259 16386 TABLE public session_handoffs owner
        let words: Vec<&str> = line.split_whitespace().skip(3).take(3).collect();
        let part = match words.as_slice() {
            ["EXTENSION", ..] | ["COMMENT", _, "EXTENSION"] => continue,
            ["POLICY", ..] | ["ROW", "SECURITY", ..] => &mut parts[1],
            _ => &mut parts[0],
        };
        part.push_str(line);
        part.push('\n');
    }
    parts
}

fn denied(error: Error) -> Error {
    if !error
        .causes()
        .contains("permission denied to create database")
    {
        return error;
    }
    let message = "the database's owner may not make databases, and a restore needs one to restore into: agent-memory db init --admin-url … gives it that right (or, as a superuser: ALTER ROLE <owner> CREATEDB)";
    Error::new(Kind::Forbidden, "cannot_make_databases", message).source(error)
}

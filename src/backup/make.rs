//! Makes a set: one snapshot, shared by the dump and every tenant's export.

use super::body::Body;
use super::manifest::{self, DUMP, DataKey, Dump, FORMAT, FileSum, MANIFEST, Manifest, SUMS};
use super::output::{Output, full, room};
use super::pace::Pace;
use super::program::{PIECE, Programs};
use super::repository::{Partial, Repository};
use super::snapshot::Snapshot;
use crate::app::App;
use crate::db::{Row, migrate};
use crate::error::{Error, Kind, Result};
use crate::export::{self, Form, Source};
use crate::file::{io, write_private};
use crate::report::Report;
use crate::{clock, id};
use base64::Engine;
use futures_util::TryStreamExt;
use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;

/// How hard exports are compressed: zstd's own default.
const LEVEL: i32 = 3;

/// Makes a set of everything, or of one tenant, and verifies nothing.
///
/// # Errors
/// Something failed: there is no set then, and the older ones stay.
pub async fn make(
    app: &Arc<App>,
    repository: &Repository,
    tenant: Option<&str>,
    report: &Report,
) -> Result<Manifest> {
    let began = clock::now();
    let name = repository.free_name(tenant, began);
    let partial = repository.begin(&name)?;
    let mut set = Making {
        app,
        partial: &partial,
        report,
        files: Vec::new(),
    };
    room(&partial.dir, set.reserve())?;
    let snapshot = Snapshot::take(&app.roles).await?;
    let (dump, no_dump) = match tenant {
        Some(_) => (None, Some("a set of one tenant is its export".to_owned())),
        None => match set.dump(&snapshot).await {
            Ok(dump) => (Some(dump), None),
            // Without a dump the exports are still worth having; whoever reads the set is told.
            Err(error) if is_about_dumping(&error) => {
                let begun = partial.dir.join(DUMP);
                if begun.exists() {
                    std::fs::remove_file(&begun).map_err(|error| io("remove", &begun, error))?;
                }
                log::warn!("the backup has exports alone: {}", error.message());
                (None, Some(error.message().to_owned()))
            }
            Err(error) => return Err(error),
        },
    };
    let tenants = set.exports(&snapshot, tenant).await?;
    let schema = migrate::status(&app.owner).await?;
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        backup_id: id::new("bak").0,
        created_at: began,
        finished_at: clock::now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        schema_version: schema.applied.last().map_or(0, |(version, _)| *version),
        postgres: snapshot.version.clone(),
        database: app.roles.owner.database().to_owned(),
        tenant: tenant.map(str::to_owned),
        dump,
        no_dump,
        tenants,
        encryption_key_id: snapshot.encryption_key(&app.owner).await?,
        files: set.files,
        name: name.clone(),
    };
    let (text, sums) = manifest.texts()?;
    for (file, text) in [(MANIFEST, text), (SUMS, sums)] {
        let path = partial.dir.join(file);
        write_private(&path, &text).map_err(full)?;
    }
    snapshot.end().await;
    report.stage("writing to disk", 0);
    let (repository, finished) = (repository.clone(), name.clone());
    tokio::task::spawn_blocking(move || partial.finish(&repository, &finished))
        .await
        .map_err(Error::internal)??;
    Ok(manifest)
}

fn is_about_dumping(error: &Error) -> bool {
    ["pg_dump_missing", "cannot_dump"].contains(&error.code())
}

struct Making<'a> {
    app: &'a Arc<App>,
    partial: &'a Partial,
    report: &'a Report,
    files: Vec<FileSum>,
}

impl Making<'_> {
    fn reserve(&self) -> u64 {
        self.app.config.embedded.reserve_mib << 20
    }

    fn output(&self, name: &str) -> Result<Output> {
        Output::create(&self.partial.dir, name, self.reserve(), self.report)
    }

    async fn dump(&mut self, snapshot: &Snapshot) -> Result<Dump> {
        let roles = &self.app.roles;
        let programs = Programs::find(&self.app.config, snapshot.major)?;
        let rows = snapshot.rows(&roles.dumper).await?;
        self.report.stage("dumping the database", snapshot.bytes);
        let mut output = self.output(DUMP)?;
        let arguments = [
            "--format=custom",
            "--compress=1",
            "--no-password",
            "--snapshot",
            &snapshot.id,
        ];
        let mut running = programs.start(
            "pg_dump",
            &roles.dumper,
            &arguments,
            Stdio::null(),
            Stdio::piped(),
        )?;
        let (mut buffer, mut pace) = (vec![0; PIECE], Pace::new(self.app));
        loop {
            let piece = running.next(&mut buffer).await?;
            if piece.is_empty() {
                break;
            }
            output.put(&self.partial.dir, piece)?;
            pace.rest().await;
        }
        running.end().await.map_err(about_pooler)?;
        self.files.push(output.end(&self.partial.dir)?);
        Ok(Dump {
            role: roles.dumper.user().to_owned(),
            rows,
        })
    }

    async fn exports(
        &mut self,
        snapshot: &Snapshot,
        only: Option<&str>,
    ) -> Result<Vec<manifest::Tenant>> {
        let dir = self.partial.dir.join("exports");
        std::fs::create_dir(&dir).map_err(|error| io("make", &dir, error))?;
        let mut tenants = Vec::new();
        for row in snapshot.tenants(&self.app.owner).await? {
            let name: String = row.get("tenant_id");
            if only.is_none_or(|only| only == name) {
                tenants.push(self.export(snapshot, &name, &row).await?);
            }
        }
        match (only, tenants.is_empty()) {
            (Some(only), true) => {
                let message = format!(
                    "no tenant is called {only:?}; agent-memory tenants list names them all"
                );
                Err(Error::new(Kind::NotFound, "not_found", message).field("tenant_id"))
            }
            _ => Ok(tenants),
        }
    }

    async fn export(
        &mut self,
        snapshot: &Snapshot,
        name: &str,
        row: &Row,
    ) -> Result<manifest::Tenant> {
        let number: i32 = row.get("number");
        self.report.stage(format!("exporting {name}"), 0);
        let source = Source {
            app: self.app.clone(),
            place: self.app.places.of(name).await?,
            tenant: name.to_owned(),
            at: clock::now(),
        };
        if source.place.record.number != number {
            let message = format!(
                "tenant {name} was erased or made anew while the backup was made; try again"
            );
            return Err(Error::unavailable("tenant_changed", message));
        }
        let begin = format!(
            "begin isolation level repeatable read read only; set transaction snapshot '{}'",
            snapshot.id
        );
        let kinds = Vec::from(export::sections());
        let mut pieces = export::open(source, &begin, Form::Ndjson, kinds, None).await?;
        let file = format!("exports/{name}.ndjson.zst");
        let output = self.output(&file)?;
        let mut encoder = zstd::Encoder::new(output, LEVEL).map_err(Error::internal)?;
        let mut body = Body::default();
        let failed = |error| full(io("write", &self.partial.dir.join(&file), error));
        let mut pace = Pace::new(self.app);
        while let Some(piece) = pieces.try_next().await? {
            body.put(&piece);
            encoder.write_all(&piece).map_err(failed)?;
            room(&self.partial.dir, self.reserve())?;
            pace.rest().await;
        }
        let output = encoder.finish().map_err(failed)?;
        self.files.push(output.end(&self.partial.dir)?);
        let (body_sha256, lines) = body.end();
        let wrapped: Option<Vec<u8>> = row.get("data_key");
        let data_key = wrapped.map(|wrapped| DataKey {
            wrapped: base64::engine::general_purpose::STANDARD.encode(wrapped),
            wrapped_by: row.get("wrapped_by"),
        });
        Ok(manifest::Tenant {
            tenant_id: name.to_owned(),
            isolation: row.get("isolation"),
            settings: serde_json::from_str(row.get("settings")).map_err(Error::internal)?,
            file,
            body_sha256,
            lines,
            data_key,
        })
    }
}

/// A pooler refuses pg_dump's own settings; everything else failed as it did.
fn about_pooler(error: Error) -> Error {
    if !error.message().contains("unsupported startup parameter") {
        return error;
    }
    let message = "the database is reached through a pooler, and pg_dump needs the database itself: set PGBACKUP_HOST and PGBACKUP_PORT to its own address";
    Error::new(Kind::Unavailable, "cannot_dump", message).source(error)
}

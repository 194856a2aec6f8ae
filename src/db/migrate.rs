//! Migrations: forward only, embedded, checksummed, one transaction each, behind a lock.

use super::connection::Connection;
use super::{Target, sha256};
use crate::error::{Error, Kind, Result};
use crate::sql;
use std::fmt::Write;

/// The files of sql/migrations, NNNN_name.sql.
#[derive(rust_embed::RustEmbed)]
#[folder = "sql/migrations"]
struct Files;

/// One step of the schema.
#[derive(Clone, Debug)]
pub struct Migration {
    /// Its number, from 1 without gaps.
    pub version: i32,
    /// The file's name without the number.
    pub name: String,
    /// Its SQL.
    pub text: String,
    /// SHA-256 of the text, in hex.
    pub checksum: String,
    /// Whether it is about what there is once; everything else is there again in each schema of a tenant that has its own.
    pub installation: bool,
}

/// What a database has, and what it lacks.
#[derive(Debug)]
pub struct Status {
    /// Versions that were applied.
    pub applied: Vec<(i32, String)>,
    /// Steps that are missing.
    pub pending: Vec<Migration>,
}

/// Every migration of this program, in order.
pub fn all() -> Result<Vec<Migration>> {
    let mut list = Vec::new();
    for file in Files::iter() {
        let stem = file.trim_end_matches(".sql");
        let (number, name) = stem
            .split_once('_')
            .ok_or_else(|| Error::internal(format!("{file}: not NNNN_name.sql")))?;
        let data = Files::get(&file)
            .ok_or_else(|| Error::internal(format!("{file}: not embedded")))?
            .data;
        let mut checksum = String::new();
        for byte in sha256(&data) {
            // Writing to a String cannot fail.
            let _ = write!(checksum, "{byte:02x}");
        }
        let version = number.parse().map_err(Error::internal)?;
        let text = String::from_utf8(data.into_owned()).map_err(Error::internal)?;
        list.push(Migration {
            version,
            name: name.to_owned(),
            checksum,
            // The first two have no such line.
            installation: version <= 2 || text.starts_with("-- Installation:"),
            text,
        });
    }
    list.sort_by_key(|migration| migration.version);
    Ok(list)
}

/// The indexes that the migrations make and none of them drops again, each with the statement that makes it.
pub fn indexes() -> Result<Vec<(String, String)>> {
    let mut made: Vec<(String, String)> = Vec::new();
    for step in all()? {
        let statements = step.text.split(';').map(|text| {
            let lines = text.lines().filter(|line| !line.starts_with("--"));
            let code = lines.map(|line| line.split(" --").next().unwrap_or_default());
            code.flat_map(str::split_whitespace)
                .collect::<Vec<_>>()
                .join(" ")
        });
        for statement in statements {
            let words: Vec<&str> = statement.split(' ').collect();
            match words.as_slice() {
                ["create", "index", name, "on", ..]
                | ["create", "unique", "index", name, "on", ..] => {
                    made.push(((*name).to_owned(), statement.clone()));
                }
                ["drop", "index", name] => made.retain(|(known, _)| known != name),
                _ => {}
            }
        }
    }
    Ok(made)
}

/// Compares a database with this program; refuses a newer schema, and one whose past was edited.
pub async fn status(owner: &Target) -> Result<Status> {
    let connection = owner.connect().await?;
    compare(&connection).await
}

async fn compare(connection: &Connection) -> Result<Status> {
    let there = connection
        .query(sql!("system/migrations_there"), &[])
        .await?;
    let rows = if there.is_empty() {
        Vec::new()
    } else {
        connection
            .query(sql!("system/migrations_applied"), &[])
            .await?
    };
    let applied: Vec<(i32, String, String)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let known = all()?;
    for (version, name, checksum) in &applied {
        match known.iter().find(|migration| migration.version == *version) {
            None => {
                let message = format!(
                    "the database's schema ({version}, {name}) is newer than this program knows: install the newer agent-memory again"
                );
                return Err(Error::new(Kind::Conflict, "schema_newer", message));
            }
            Some(migration) if migration.checksum != *checksum => {
                let message = format!(
                    "migration {version} ({name}) differs from the one that was applied to this database"
                );
                return Err(Error::new(Kind::Conflict, "schema_differs", message));
            }
            Some(_) => {}
        }
    }
    let pending = known
        .into_iter()
        .filter(|m| !applied.iter().any(|(version, _, _)| *version == m.version))
        .collect();
    Ok(Status {
        applied: applied
            .into_iter()
            .map(|(version, name, _)| (version, name))
            .collect(),
        pending,
    })
}

/// Brings the schema up to date as the owner and lets the application's role in. Several servers may start at once: one migrates.
pub async fn up(owner: &Target, application: &str) -> Result<usize> {
    let connection = owner.connect().await?;
    connection
        .batch(sql!("system/migrations_table").text)
        .await
        .map_err(explain)?;
    let mut done = 0;
    loop {
        connection.batch("begin").await?;
        connection
            .query(sql!("system/migrations_lock"), &[])
            .await?;
        let Some(next) = compare(&connection).await?.pending.into_iter().next() else {
            break;
        };
        log::info!("migrating the database: {:04}_{}", next.version, next.name);
        // Under FORCE the owner's own UPDATE would change nothing, silently: lifted here, restored below.
        connection.batch(sql!("system/force_lift").text).await?;
        connection.batch(&next.text).await.map_err(explain)?;
        connection
            .query(
                sql!("system/migrations_record"),
                &[&next.version, &next.name, &next.checksum],
            )
            .await?;
        connection
            .query(sql!("system/grant_application"), &[&application])
            .await?;
        connection.batch("commit").await?;
        done += 1;
    }
    // Also without a pending step: the role may be another than last time, and a hand may have changed the grants.
    connection
        .query(sql!("system/grant_application"), &[&application])
        .await?;
    connection.batch("commit").await?;
    for row in connection.query(sql!("system/schemas"), &[]).await? {
        let (tenant, number): (&str, i32) = (row.get(0), row.get(1));
        connection.batch("begin").await?;
        connection
            .query(sql!("system/migrations_lock"), &[])
            .await?;
        schema(&connection, tenant, number, application).await?;
        connection.batch("commit").await?;
    }
    Ok(done)
}

/// The name of the schema of the tenant with this number.
pub fn schema_name(number: i32) -> String {
    format!("tenant_{number}")
}

/// The statement that makes a transaction work in a tenant's own schema first.
pub fn enter_schema(number: i32) -> String {
    // Without its schema a tenant's statements must not mean the tables of all.
    let schema = schema_name(number);
    format!("set local search_path to {schema}, public; select '{schema}'::regnamespace")
}

/// Brings a tenant's own schema up to date, and makes it first if need be; in the connection's transaction.
pub async fn schema(
    connection: &Connection,
    tenant: &str,
    number: i32,
    application: &str,
) -> Result<()> {
    connection
        .query(sql!("system/migrations_lock"), &[])
        .await?;
    connection
        .batch(&format!(
            "create schema if not exists {}; {}",
            schema_name(number),
            enter_schema(number)
        ))
        .await
        .map_err(explain)?;
    let rows = connection
        .query(sql!("system/schema_version"), &[&tenant])
        .await?;
    let has: i32 = rows.first().map_or(0, |row| row.get(0));
    let mut newest = has;
    for step in all()?.into_iter().filter(|step| step.version > has) {
        if newest == has {
            // Altering a table waits for everyone who reads it: only where there is something to do.
            connection.batch(sql!("system/force_lift").text).await?;
        }
        newest = step.version;
        if !step.installation {
            log::info!(
                "migrating the schema of tenant {tenant}: {:04}_{}",
                step.version,
                step.name
            );
            connection.batch(&step.text).await?;
        }
    }
    connection
        .query(sql!("system/grant_application"), &[&application])
        .await?;
    connection
        .query(sql!("system/schema_migrated"), &[&tenant, &newest])
        .await?;
    connection.batch("set local search_path to default").await
}

/// What a guide's grants leave out, named with the command that mends it.
fn explain(error: Error) -> Error {
    if error.causes().contains("permission denied for database") {
        let message = "the owner's database role may not make schemas; as a superuser run: GRANT CREATE ON DATABASE <database> TO <that role>;";
        return Error::new(Kind::Forbidden, "schema_denied", message).source(error);
    }
    if error.causes().contains("permission denied for schema") {
        let message = "the database role may not create tables in schema public; as a superuser run: \
                       GRANT USAGE, CREATE ON SCHEMA public TO <that role>;  (in the database itself)";
        return Error::new(Kind::Forbidden, "migration_denied", message).source(error);
    }
    error
}

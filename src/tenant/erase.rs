//! The end of a tenant: every row of every table, its schema, its keys, its data key; and the proof.

use super::INSTALLATION;
use crate::app::App;
use crate::audit::Entry;
use crate::clock;
use crate::db::{Connection, migrate};
use crate::error::{Error, Kind, Result};
use crate::sql;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// How long servers may go on believing that a tenant is there; what they began by then may take a moment longer.
const NOTICED: chrono::Duration = chrono::Duration::milliseconds(1100);
/// How often what arrived late is looked for.
const ROUNDS: u32 = 5;

/// Rows of a tenant in a table.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ErasedTable")]
pub struct Count {
    /// The table.
    table: String,
    /// How many there were.
    removed: i64,
    /// How many there are, looked up after the end of it: always 0.
    left: i64,
}

/// Erases a tenant that is in the trash, as the owner; what it gives was looked up after the end: every table empty of it, its row and
/// the data key in it gone. An error means that it is still there, whole or not, and can be erased again.
pub async fn erase(
    app: &App,
    name: &str,
    actor: Option<&str>,
    request_id: &str,
) -> Result<Vec<Count>> {
    let owner = app.owner.connect().await?;
    let rows = owner.query(sql!("tenant/get"), &[&name]).await?;
    let row = rows.first().ok_or_else(super::missing)?;
    let deleted_at: Option<DateTime<Utc>> = row.get("deleted_at");
    let own: i32 = row.get("number");
    let number = (row.get::<_, &str>("isolation") == "schema").then_some(own);
    let Some(deleted_at) = deleted_at else {
        let message = "only a tenant in the trash can be erased: delete it first";
        return Err(Error::new(Kind::Conflict, "tenant_in_use", message));
    };
    // No server lets anyone in any more after this.
    let wait = (deleted_at + NOTICED - clock::now()).to_std();
    tokio::time::sleep(wait.unwrap_or_default()).await;
    let mut counts = Vec::new();
    for round in 0..ROUNDS {
        let removed = remove(
            &owner,
            name,
            (own, deleted_at),
            number,
            round == 0,
            actor,
            request_id,
        )
        .await?;
        if round == 0 {
            counts = removed;
        }
        let left = left(&owner, name, number).await?;
        for count in &mut counts {
            count.left = left
                .iter()
                .find(|(table, _)| *table == count.table)
                .map_or(0, |(_, rows)| *rows);
        }
        let gone = is_gone(&owner, name, own).await?;
        if gone && left.iter().all(|(_, rows)| *rows == 0) {
            app.places.forget(name);
            app.keys.forget();
            return Ok(counts);
        }
        // A write that was under way arrived late.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let message = "rows of this tenant keep arriving; try again in a moment";
    Err(Error::unavailable("tenant_in_use", message))
}

/// One transaction: counts, deletes, and says so in the installation's audit log.
async fn remove(
    owner: &Connection,
    name: &str,
    (own, deleted_at): (i32, DateTime<Utc>),
    number: Option<i32>,
    first: bool,
    actor: Option<&str>,
    request_id: &str,
) -> Result<Vec<Count>> {
    begin(owner, name).await?;
    // The very tenant that was put into the trash, and as it was put there: it may have been restored since, or made anew.
    let still = owner
        .query(sql!("tenant/hold"), &[&name, &own, &deleted_at])
        .await?;
    let anew = owner.query(sql!("tenant/get"), &[&name]).await?;
    if still.is_empty() && (first || !anew.is_empty()) {
        owner.batch("rollback").await?;
        let message =
            "this tenant was restored or made anew meanwhile: nothing more of it was erased";
        return Err(Error::new(Kind::Conflict, "tenant_in_use", message));
    }
    let had = rows_of(owner, name, number).await?;
    for (table, _) in rows_of(owner, name, None).await? {
        let text = format!(
            "with gone as (delete from {table} where tenant_id = $1 returning 1) select count(*) from gone"
        );
        owner.count_for(&text, name).await?;
    }
    if let Some(number) = number {
        let schema = migrate::schema_name(number);
        owner
            .batch(&format!("drop schema if exists {schema} cascade"))
            .await?;
    }
    owner.query(sql!("tenant/erase"), &[&name]).await?;
    if first {
        let mut entry = Entry::new("tenant_erase", actor, request_id, INSTALLATION);
        let total: i64 = had.iter().map(|(_, rows)| rows).sum();
        entry.details = format!(
            "{total} rows in {} tables; its data key is destroyed",
            had.len()
        );
        let targets = vec![name.to_owned()];
        let rows = owner
            .query(sql!("system/audit_append"), &entry.params(&targets))
            .await?;
        rows.first().into_iter().for_each(|row| entry.told(row));
    }
    owner.batch("commit").await?;
    let count = |(table, removed)| Count {
        table,
        removed,
        left: 0,
    };
    Ok(had.into_iter().map(count).collect())
}

/// What is there of the tenant now, in a transaction of its own.
async fn left(owner: &Connection, name: &str, number: Option<i32>) -> Result<Vec<(String, i64)>> {
    begin(owner, name).await?;
    let rows = rows_of(owner, name, number).await?;
    owner.batch("commit").await?;
    Ok(rows)
}

/// Whether the tenant's own row is gone, and its data key with it; one of that name that was made since is another tenant.
async fn is_gone(owner: &Connection, name: &str, own: i32) -> Result<bool> {
    let rows = owner.query(sql!("tenant/get"), &[&name]).await?;
    Ok(rows.iter().all(|row| row.get::<_, i32>("number") != own))
}

async fn begin(owner: &Connection, name: &str) -> Result<()> {
    debug_assert_ne!(name, INSTALLATION);
    owner.batch("begin").await?;
    owner
        .query(sql!("system/bind"), &[&name, &"0", &"auto"])
        .await?;
    Ok(())
}

/// Every tenant table, of all and of the tenant's own schema, with how many rows it has of the tenant.
async fn rows_of(
    owner: &Connection,
    name: &str,
    number: Option<i32>,
) -> Result<Vec<(String, i64)>> {
    let schema = number.map_or_else(String::new, migrate::schema_name);
    let tables = owner.query(sql!("tenant/tables"), &[&schema]).await?;
    let mut counts = Vec::new();
    for row in tables {
        let table: String = row.get(0);
        let rows = owner
            .count_for(
                &format!("select count(*) from {table} where tenant_id = $1"),
                name,
            )
            .await?;
        counts.push((table, rows));
    }
    Ok(counts)
}

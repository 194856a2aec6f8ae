//! Databases that a restore replaced: kept until somebody drops them.

use super::swap::{BEFORE, swap};
use crate::app::App;
use crate::db::quoted;
use crate::error::{Error, Result};
use crate::sql;
use serde::Serialize;

/// A database that was replaced.
#[derive(Debug, Serialize)]
pub struct Previous {
    /// Its name.
    pub database: String,
    /// Its size.
    pub bytes: i64,
}

/// All of them, the oldest first.
pub async fn all(app: &App) -> Result<Vec<Previous>> {
    let maker = app.roles.maker.connect().await?;
    let stem: String = app.roles.owner.database().chars().take(30).collect();
    let rows = maker
        .query(sql!("system/databases_like"), &[&format!("{stem}{BEFORE}")])
        .await?;
    let previous = rows.iter().map(|row| Previous {
        database: row.get(0),
        bytes: row.get(1),
    });
    Ok(previous.collect())
}

async fn known(app: &App, name: &str) -> Result<()> {
    match all(app)
        .await?
        .iter()
        .any(|previous| previous.database == name)
    {
        true => Ok(()),
        false => {
            let message = format!(
                "{name:?} is no database that a restore replaced; agent-memory backup previous names them all"
            );
            Err(Error::not_found(message).field("database"))
        }
    }
}

/// Drops one of them.
pub async fn drop(app: &App, name: &str) -> Result<()> {
    known(app, name).await?;
    let maker = app.roles.maker.connect().await?;
    maker
        .batch(&format!("drop database {}", quoted(name)))
        .await
}

/// Puts one of them in place again; the name that the present one has from then on.
pub async fn put_back(app: &App, name: &str) -> Result<String> {
    known(app, name).await?;
    let maker = app.roles.maker.connect().await?;
    swap(&app.roles, &maker, name).await
}

//! Checks of backups: whether there are any, whether they hold, whether others could be made.

use super::Finding;
use crate::backup::Repository;
use crate::backup::program::Programs;
use crate::backup::state::{Trouble, state};
use crate::config::Config;
use crate::db::Connection;
use crate::error::Result;
use crate::sql;
use crate::tenant::INSTALLATION;

/// All of them; what needs the database is left out where it cannot be asked.
pub async fn backups(config: &Config, owner: Option<&Connection>) -> Result<Vec<Finding>> {
    let mut found = vec![standing(config, owner).await?];
    found.extend(directory(config));
    if let Some(owner) = owner {
        found.push(programs(config, owner).await?);
        found.extend(escrow(owner).await?);
    }
    Ok(found)
}

async fn standing(config: &Config, owner: Option<&Connection>) -> Result<Finding> {
    let state = state(config, owner).await?;
    let (what, mend) = state.told();
    let why = state
        .error
        .as_deref()
        .map_or(String::new(), |error| format!(": {error}"));
    Ok(match state.trouble() {
        Trouble::None => Finding::ok("backup", what),
        Trouble::Off => Finding::warn("backup_off", what, mend),
        Trouble::Never => Finding::warn("backup_missing", what, mend),
        Trouble::Failed => Finding::fail("backup_failed", what + &why, mend),
        Trouble::Damaged => Finding::fail("backup_damaged", what, mend),
        Trouble::Old => Finding::fail("backup_old", what, mend),
        Trouble::ExportsOnly => Finding::warn("backup_exports_only", what, mend),
        Trouble::Unverified => Finding::warn("backup_unverified", what, mend),
        Trouble::Slow => Finding::warn("backup_slow", what, mend),
    })
}

fn directory(config: &Config) -> Option<Finding> {
    let dir = config.backup_dir();
    let locked = Repository::new(dir.clone()).lock();
    match locked {
        Err(error) if error.code() != "backup_under_way" => Some(Finding::fail(
            "backup_directory",
            format!("backups cannot be written: {}", error.message()),
            format!("make {} this user's own, or set BACKUP_DIR", dir.display()),
        )),
        _ => None,
    }
}

async fn programs(config: &Config, owner: &Connection) -> Result<Finding> {
    let major = crate::backup::scratch::server_major(owner).await?;
    Ok(match Programs::find(config, major) {
        Ok(_) => Finding::ok("pg_dump", format!("there, and fits PostgreSQL {major}")),
        Err(error) => Finding::warn(
            "pg_dump",
            format!("backups are exports only: {}", error.message()),
            format!("apt-get install postgresql-client-{major}"),
        ),
    })
}

/// Whether somebody was told what to keep elsewhere, of the key that is in use.
async fn escrow(owner: &Connection) -> Result<Option<Finding>> {
    let rows = owner.query(sql!("system/escrow"), &[]).await?;
    let Some(key) = rows.first().and_then(|row| row.get::<_, Option<String>>(0)) else {
        return Ok(None);
    };
    owner.batch("begin read only").await?;
    owner
        .query(sql!("system/bind"), &[&INSTALLATION, &"30s", &"auto"])
        .await?;
    let told = owner.query(sql!("system/escrowed"), &[&key]).await?;
    owner.batch("commit").await?;
    Ok(Some(match told.is_empty() {
        false => Finding::ok(
            "key_escrow",
            format!("the key {key} was handed out to be kept elsewhere"),
        ),
        true => Finding::warn(
            "key_escrow",
            format!(
                "nobody was told to keep the key {key} elsewhere: without it no backup's sealed texts can be opened"
            ),
            "agent-memory keys escrow says which files to keep",
        ),
    }))
}

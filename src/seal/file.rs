//! The file of the installation's key, and whether it is the one that this database's texts are sealed under.

use super::vault::{KEY, Master, Vault};
use crate::db::Target;
use crate::error::{Error, Kind, Result};
use crate::file::write_private;
use crate::{id, sql};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use std::path::{Path, PathBuf};

const FIELD: &str = "access.encryption_key_file";

/// The file of the installation's key: 32 bytes in base64.
pub struct KeyFile(PathBuf);

impl KeyFile {
    /// At this place.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Its place.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where a rotation puts the new key before it is in use.
    pub fn next(&self) -> Self {
        self.beside("next")
    }

    /// Where a rotation leaves the key that was in use.
    pub fn previous(&self) -> Self {
        self.beside("previous")
    }

    fn beside(&self, suffix: &str) -> Self {
        let mut name = self.0.clone().into_os_string();
        name.push(".");
        name.push(suffix);
        Self(name.into())
    }

    /// The key, if the file is there.
    pub fn read(&self) -> Result<Option<[u8; KEY]>> {
        let wrong = |what: &str| {
            let message = format!("{} {what}", self.0.display());
            Error::invalid(message).field(FIELD)
        };
        let text = match std::fs::read_to_string(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(&format!("cannot be read: {error}"))),
        };
        let bytes = STANDARD.decode(text.trim()).ok();
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .map(Some)
            .ok_or_else(|| wrong("holds no key: 32 bytes in base64 are (openssl rand -base64 32)"))
    }

    /// Writes a new key, for this user alone; a file that is there stays.
    pub fn make(&self) -> Result<[u8; KEY]> {
        if let Some(key) = self.read()? {
            return Ok(key);
        }
        let key: [u8; KEY] = id::random();
        if let Some(parent) = self
            .0
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            std::fs::create_dir_all(parent).map_err(Error::internal)?;
        }
        write_private(&self.0, &(STANDARD.encode(key) + "\n"))?;
        Ok(key)
    }

    /// What is said when the key is needed and not there.
    pub fn missing(&self) -> Error {
        let message = format!(
            "the key of sealed texts is not at {}: name its file in ENCRYPTION_KEY_FILE",
            self.0.display()
        );
        Error::new(Kind::Conflict, "encryption_key_missing", message).field(FIELD)
    }

    /// What is said when the database knows a key and the file is not there.
    fn absent(&self, wanted: &str) -> Error {
        let message = format!(
            "this database's texts are sealed under the key {wanted}, and {} is not there: give every server the same ENCRYPTION_KEY_FILE",
            self.0.display()
        );
        Error::new(Kind::Conflict, "encryption_key_missing", message).field(FIELD)
    }

    /// What is said when the file holds another key than the database's texts are sealed under.
    pub fn other(&self, has: &str, wanted: &str) -> Error {
        let message = format!(
            "{} holds the key {has}, this database's texts are sealed under {wanted}: give every server the same ENCRYPTION_KEY_FILE",
            self.0.display()
        );
        Error::new(Kind::Conflict, "encryption_key_differs", message).field(FIELD)
    }
}

/// Makes sure that this server and the database mean the same key: the first server makes it, the others have to have it.
pub async fn settle(vault: &Vault, owner: &Target) -> Result<()> {
    let connection = owner.connect().await?;
    connection.batch("begin").await?;
    let rows = connection
        .query(sql!("system/encryption_key_lock"), &[])
        .await?;
    let known: Option<String> = rows.first().and_then(|row| row.get(0));
    match known {
        None => {
            let master = Master::new(&vault.file().make()?)?;
            connection
                .query(sql!("system/encryption_key_set"), &[&master.id])
                .await?;
        }
        Some(known) => {
            finish_rotation(vault, &known)?;
            if vault.file().read()?.is_none() {
                return Err(vault.file().absent(&known));
            }
            vault.master_of(&known)?;
        }
    }
    connection.batch("commit").await
}

/// A rotation that was cut off between the database and the file: the new key is beside the old one.
pub(super) fn finish_rotation(vault: &Vault, known: &str) -> Result<()> {
    let file = vault.file();
    let is = |file: &KeyFile| -> Result<bool> {
        Ok(match file.read()? {
            Some(key) => Master::new(&key)?.id == known,
            None => false,
        })
    };
    if !is(file)? && is(&file.next())? {
        let io = |error: std::io::Error| Error::internal(error);
        if file.path().exists() {
            std::fs::rename(file.path(), file.previous().path()).map_err(io)?;
        }
        std::fs::rename(file.next().path(), file.path()).map_err(io)?;
        log::info!("the key of sealed texts is {known} now");
    }
    Ok(())
}

/// What has to be kept elsewhere, so that sealed texts can be opened after everything here is lost.
#[derive(Serialize)]
pub struct Escrow {
    /// Where the key is.
    pub file: String,
    /// Its id.
    pub key_id: String,
    /// Whether the database's texts are sealed under it.
    pub matches_database: bool,
    /// Tenants that have sealed texts.
    pub tenants: i64,
    /// The last rotation's old key, needed for backups that were made before it.
    pub previous_file: Option<String>,
}

/// Says what to keep elsewhere.
pub async fn escrow(vault: &Vault, owner: &Target) -> Result<Escrow> {
    let connection = owner.connect().await?;
    let rows = connection.query(sql!("system/escrow"), &[]).await?;
    let row = rows
        .first()
        .ok_or_else(|| Error::internal("no installation"))?;
    let known: Option<String> = row.get(0);
    let master = match &known {
        Some(known) => vault.master_of(known).or_else(|_| vault.master())?,
        None => vault.master()?,
    };
    let previous = vault.file().previous();
    Ok(Escrow {
        file: vault.file().path().display().to_string(),
        matches_database: known.as_ref() == Some(&master.id),
        key_id: master.id.clone(),
        tenants: row.get(1),
        previous_file: previous
            .path()
            .exists()
            .then(|| previous.path().display().to_string()),
    })
}

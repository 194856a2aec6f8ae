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

    /// Where a rotation leaves the key of this id, which was in use: backups that were made until then need it.
    pub fn previous(&self, id: &str) -> Self {
        self.beside(&format!("previous-{id}"))
    }

    /// The file and all keys beside it: the next one, and those before.
    pub fn all(&self) -> Vec<Self> {
        let mut files = vec![Self(self.0.clone()), self.next()];
        let (Some(parent), Some(name)) = (self.0.parent(), self.0.file_name()) else {
            return files;
        };
        let prefix = format!("{}.previous-", name.to_string_lossy());
        let beside = std::fs::read_dir(parent).into_iter().flatten().flatten();
        let previous =
            beside.filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix));
        files.extend(previous.map(|entry| Self(entry.path())));
        files
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

    /// The id of the key, if the file is there.
    pub fn id(&self) -> Result<Option<String>> {
        let key = self.read()?;
        key.map(|key| Master::new(&key).map(|master| master.id))
            .transpose()
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

    /// What is said when the database knows a key and the file is not there.
    pub fn absent(&self, wanted: &str) -> Error {
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

/// Makes sure that this server and the database mean the same key, and says which: the first server makes it, the others have to
/// have it. What a rotation left half-done is finished, one server at a time.
pub async fn settle(vault: &Vault, owner: &Target) -> Result<String> {
    let connection = owner.connect().await?;
    connection.batch("begin").await?;
    let rows = connection
        .query(sql!("system/encryption_key_lock"), &[])
        .await?;
    let known: Option<String> = rows.first().and_then(|row| row.get(0));
    let known = match known {
        None => {
            let master = Master::new(&vault.file().make()?)?;
            connection
                .query(sql!("system/encryption_key_set"), &[&master.id])
                .await?;
            master.id
        }
        Some(known) => {
            finish_rotation(vault, &known)?;
            match vault.file().id()? {
                Some(id) if id == known => known,
                Some(id) => return Err(vault.file().other(&id, &known)),
                None => return Err(vault.file().absent(&known)),
            }
        }
    };
    connection.batch("commit").await?;
    Ok(known)
}

/// A rotation that was cut off between the database and the file: the new key is beside the old one and takes its place.
fn finish_rotation(vault: &Vault, known: &str) -> Result<()> {
    let file = vault.file();
    let here = file.id()?;
    if here.as_deref() == Some(known) || file.next().id()?.as_deref() != Some(known) {
        return Ok(());
    }
    let io = |error: std::io::Error| crate::file::io("replace", file.path(), error);
    if let Some(old) = here {
        // A copy, not a rename: at no moment is there no key.
        let previous = file.previous(&old);
        std::fs::copy(file.path(), previous.path()).map_err(io)?;
        crate::file::settle(previous.path()).map_err(io)?;
    }
    std::fs::rename(file.next().path(), file.path()).map_err(io)?;
    crate::file::settle(file.path()).map_err(io)?;
    log::info!("the key of sealed texts is {known} now");
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
    /// Keys that were in use before, needed for backups that were made then.
    pub previous_files: Vec<String>,
}

/// Says what to keep elsewhere.
pub async fn escrow(vault: &Vault, owner: &Target) -> Result<Escrow> {
    let connection = owner.connect().await?;
    let rows = connection.query(sql!("system/escrow"), &[]).await?;
    let row = rows
        .first()
        .ok_or_else(|| Error::internal("no installation"))?;
    let known: Option<String> = row.get(0);
    let file = vault.file();
    let key_id = file
        .id()?
        .ok_or_else(|| file.absent(known.as_deref().unwrap_or("that it has")))?;
    let name = |file: &KeyFile| file.path().display().to_string();
    Ok(Escrow {
        file: name(file),
        matches_database: known.as_ref() == Some(&key_id),
        key_id,
        tenants: row.get(1),
        previous_files: file.all().iter().skip(2).map(name).collect(),
    })
}

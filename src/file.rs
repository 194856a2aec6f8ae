//! Files that are this user's alone.

use crate::error::{Error, Kind, Result};
use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Writes a file for this user alone, whole or not at all.
pub fn write_private(path: &Path, text: &str) -> Result<()> {
    let temporary = path.with_extension("new");
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        settle(path)
    };
    write().map_err(|error| io("write", path, error))
}

/// Makes a file's name last as well as its content: a rename is on the disk when its directory is.
pub fn settle(path: &Path) -> std::io::Result<()> {
    fs::File::open(path)?.sync_all()?;
    match path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        Some(parent) => fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// An error of the file system, with what was tried and where: paths are the operator's own.
pub fn io(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::new(
        Kind::Conflict,
        "file_system",
        format!("cannot {what} {}: {error}", path.display()),
    )
    .source(error)
}

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
#[allow(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
pub fn io(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::new(
        Kind::Conflict,
        "file_system",
        format!("cannot {what} {}: {error}", path.display()),
    )
}

/// The names in a directory, in order.
pub fn entries(dir: &Path) -> Result<Vec<String>> {
    let read = fs::read_dir(dir).map_err(|error| io("read", dir, error))?;
    let mut names: Vec<String> = read
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// Every file below a directory, by its path there; a link is a file.
pub fn below(dir: &Path) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for name in entries(dir)? {
        let path = dir.join(&name);
        let about = fs::symlink_metadata(&path).map_err(|error| io("read", &path, error))?;
        match about.is_dir() {
            true => all.extend(
                below(&path)?
                    .into_iter()
                    .map(|inner| format!("{name}/{inner}")),
            ),
            false => all.push(name),
        }
    }
    Ok(all)
}

/// Whether a path is a file itself, no link and nothing that could be waited for.
pub fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|about| about.is_file())
}

//! What processes that share an embedded database tell each other: a file that whoever writes beside the server changes.

use crate::id;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What stands in the file.
pub type Stamp = [u8; 16];

/// The file.
pub struct Mark {
    path: PathBuf,
}

impl Mark {
    /// In this data directory.
    pub fn new(home: &Path) -> Self {
        Self {
            path: home.join("written"),
        }
    }

    /// What stands in it; none when nobody ever wrote beside the server.
    pub fn read(&self) -> Option<Stamp> {
        let mut stamp = Stamp::default();
        let file = File::open(&self.path).ok()?;
        file.read_exact_at(&mut stamp, 0).ok()?;
        Some(stamp)
    }

    /// Puts something else into it.
    pub fn change(&self) {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.path);
        let changed = file.and_then(|file| file.write_all_at(&id::random::<16>(), 0));
        if let Err(error) = changed {
            log::warn!("{} cannot be written: {error}", self.path.display());
        }
    }
}

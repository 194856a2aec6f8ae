//! A file of a set while it is written: counted, summed, and never to the last byte of the disk.

use super::manifest::FileSum;
use crate::db::hex;
use crate::error::{Error, Kind, Result};
use crate::file::io;
use crate::report::Report;
use ring::digest::{Context, SHA256};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Between two looks at how much room is left, in bytes.
const LOOK: u64 = 1 << 20;

/// A file that is written.
pub struct Output {
    file: BufWriter<File>,
    name: String,
    digest: Context,
    size: u64,
    looked: u64,
    reserve: u64,
    report: Report,
}

impl Output {
    /// A new file of this name in a directory; `reserve` bytes of the disk stay free.
    pub fn create(dir: &Path, name: &str, reserve: u64, report: &Report) -> Result<Self> {
        let path = dir.join(name);
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        room(dir, reserve)?;
        Ok(Self {
            file: BufWriter::with_capacity(
                256 * 1024,
                file.map_err(|error| io("write", &path, error))?,
            ),
            name: name.to_owned(),
            digest: Context::new(&SHA256),
            size: 0,
            looked: 0,
            reserve,
            report: report.clone(),
        })
    }

    /// Writes the next bytes.
    pub fn put(&mut self, dir: &Path, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes)
            .map_err(|error| full(io("write", &dir.join(&self.name), error)))?;
        if self.size - self.looked > LOOK {
            self.looked = self.size;
            room(dir, self.reserve)?;
        }
        Ok(())
    }

    /// Ends the file: its name, size and sum.
    pub fn end(mut self, dir: &Path) -> Result<FileSum> {
        let flushed = self.file.flush();
        flushed.map_err(|error| full(io("write", &dir.join(&self.name), error)))?;
        Ok(FileSum {
            name: self.name,
            size: self.size,
            sha256: hex(self.digest.finish().as_ref()),
        })
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.size += written as u64;
        self.report.advance(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Refuses to go on where the disk is nearly full: the database may be on it as well.
pub fn room(dir: &Path, reserve: u64) -> Result<()> {
    let Ok(stat) = rustix::fs::statvfs(dir) else {
        return Ok(());
    };
    let free = stat.f_bavail * stat.f_frsize;
    if free >= reserve {
        return Ok(());
    }
    let message = format!(
        "only {} MiB are free in {}, {} are kept free (AGENT_MEMORY_DISK_RESERVE_MIB): no backup was made; make room, or set BACKUP_DIR",
        free >> 20,
        dir.display(),
        reserve >> 20
    );
    Err(Error::new(Kind::StorageFull, "backup_disk_full", message))
}

/// The error of a disk that is full, as such.
pub fn full(error: Error) -> Error {
    match error.causes().contains("No space left") {
        true => {
            let message = format!(
                "{}: no backup was made; make room, or set BACKUP_DIR",
                error.message()
            );
            Error::new(Kind::StorageFull, "backup_disk_full", message)
        }
        false => error,
    }
}

//! What hooks have to tell the server, on the disk until it is told: each letter a file, and of each transcript how far it was read.
//!
//! A letter of a transcript's piece says in its name which: where a hook is killed between the letter and the note of how far the
//! transcript was read, the letter itself says it, and no piece is told twice.

use crate::db::{hex, sha256};
use crate::error::{Error, Result};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A write for the server.
#[derive(Serialize, Deserialize)]
pub struct Letter {
    /// Where to.
    pub path: String,
    /// What.
    pub body: Value,
    /// What makes it once, however often it is sent.
    pub key: String,
}

impl Letter {
    /// A write; two with the same `what` are one.
    pub fn new(path: &str, body: Value, what: &str) -> Self {
        let key = format!("hook-{}", short(&format!("{path} {what}")));
        let path = path.to_owned();
        Self { path, body, key }
    }
}

/// A letter's file: `<order>-<transcript>-<end>.json`; the last two of a piece of a transcript.
pub type Waiting = PathBuf;

/// A directory of letters.
pub struct Spool {
    home: PathBuf,
}

fn short(text: &str) -> String {
    hex(&sha256(text.as_bytes())[..12])
}

impl Spool {
    /// In this directory, which only its owner can read.
    pub fn open(home: &Path) -> Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        for name in ["letters", "read", "refused"] {
            let made = fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(home.join(name));
            made.map_err(Error::internal)?;
        }
        let home = home.to_owned();
        Ok(Self { home })
    }

    /// Keeps a letter.
    pub fn put(&self, letter: &Letter) -> Result<()> {
        let _lock = self.lock("lock")?;
        self.write(letter, "")
    }

    /// How far a transcript was read.
    pub fn place(&self, transcript: &str) -> u64 {
        let name = short(transcript);
        let noted = fs::read_to_string(self.home.join("read").join(&name));
        let noted = noted.ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        let waiting = self.waiting().unwrap_or_default();
        let ends = waiting.iter().filter_map(|path| piece(path));
        ends.filter(|(of, _)| *of == name)
            .map(|(_, end)| end)
            .fold(noted, u64::max)
    }

    /// Reads on in a transcript: `read` gives where it ended, and letters with where theirs end. Whether there were any.
    pub fn advance(
        &self,
        transcript: &str,
        read: impl FnOnce(u64) -> Result<(u64, Vec<(u64, Letter)>)>,
    ) -> Result<bool> {
        let _lock = self.lock("lock")?;
        let (end, letters) = read(self.place(transcript))?;
        let name = short(transcript);
        for (end, letter) in &letters {
            self.write(letter, &format!("-{name}-{end}"))?;
        }
        self.note(&name, end)?;
        Ok(!letters.is_empty())
    }

    /// Letters in their order.
    pub fn waiting(&self) -> Result<Vec<Waiting>> {
        let entries = fs::read_dir(self.home.join("letters")).map_err(Error::internal)?;
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut paths: Vec<PathBuf> = paths
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .collect();
        paths.sort();
        Ok(paths)
    }

    /// What a letter says.
    pub fn read(&self, waiting: &Waiting) -> Result<Letter> {
        let bytes = fs::read(waiting).map_err(Error::internal)?;
        serde_json::from_slice(&bytes).map_err(Error::internal)
    }

    /// A letter has arrived.
    pub fn delivered(&self, waiting: &Waiting) -> Result<()> {
        self.settle(waiting)?;
        fs::remove_file(waiting).map_err(Error::internal)
    }

    /// A letter that the server will never take is put aside, where a person can look at it.
    pub fn refused(&self, waiting: &Waiting, why: &Error) -> Result<()> {
        let name = waiting.file_name().unwrap_or_default();
        note(
            &self.home,
            &format!(
                "{} is put aside in refused: {}",
                name.display(),
                why.message()
            ),
        );
        self.settle(waiting)?;
        fs::rename(waiting, self.home.join("refused").join(name)).map_err(Error::internal)
    }

    /// The turn to deliver, if nobody else has it.
    pub fn turn(&self) -> Result<Option<File>> {
        let file = self.file("turn")?;
        Ok(flock(&file, FlockOperation::NonBlockingLockExclusive)
            .is_ok()
            .then_some(file))
    }

    /// Before a piece's letter goes, the note says that it was read.
    fn settle(&self, waiting: &Waiting) -> Result<()> {
        let Some((name, end)) = piece(waiting) else {
            return Ok(());
        };
        let _lock = self.lock("lock")?;
        let noted = fs::read_to_string(self.home.join("read").join(&name));
        let noted: u64 = noted.ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        match noted < end {
            true => self.note(&name, end),
            false => Ok(()),
        }
    }

    fn note(&self, name: &str, end: u64) -> Result<()> {
        self.replace(
            &self.home.join("read").join(name),
            end.to_string().as_bytes(),
        )
    }

    fn write(&self, letter: &Letter, piece: &str) -> Result<()> {
        let last = self.waiting()?.last().and_then(|path| order(path));
        // Ordered by the time, and behind whatever waits.
        let now = crate::clock::now().timestamp_micros();
        let order = last.map_or(now, |last| now.max(last + 1));
        let bytes = serde_json::to_vec(letter).map_err(Error::internal)?;
        let name = format!("{order:020}{piece}.json");
        self.replace(&self.home.join("letters").join(name), &bytes)
    }

    /// The whole file or none of it, and on the disk.
    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let new = self.home.join(format!("new.{}", std::process::id()));
        let write = || -> std::io::Result<()> {
            let mut file = private().truncate(true).open(&new)?;
            file.write_all(bytes)?;
            file.sync_data()?;
            fs::rename(&new, path)
        };
        write().map_err(Error::internal)
    }

    fn lock(&self, name: &str) -> Result<File> {
        let file = self.file(name)?;
        flock(&file, FlockOperation::LockExclusive).map_err(Error::internal)?;
        Ok(file)
    }

    fn file(&self, name: &str) -> Result<File> {
        let open = private().open(self.home.join(name));
        open.map_err(Error::internal)
    }
}

fn parts(path: &Path) -> Vec<&str> {
    path.file_stem()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
        .split('-')
        .collect()
}

fn order(path: &Path) -> Option<i64> {
    parts(path).first()?.parse().ok()
}

/// Of a piece of a transcript: which, and where it ends.
fn piece(path: &Path) -> Option<(String, u64)> {
    match parts(path)[..] {
        [_, name, end] => Some((name.to_owned(), end.parse().ok()?)),
        _ => None,
    }
}

/// Files for their owner alone.
fn private() -> fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = fs::OpenOptions::new();
    options.create(true).write(true).mode(0o600);
    options
}

/// What the hooks' own log keeps, in bytes.
const LOG: u64 = 1024 * 1024;

/// A line in the hooks' own log, which begins anew when it is long. No memory, and no secret.
pub fn note(home: &Path, message: &str) {
    let path = home.join("hook.log");
    let long = fs::metadata(&path).is_ok_and(|file| file.len() > LOG);
    let mut options = private();
    options.append(!long).truncate(long);
    let line = crate::seal::classify::redact(&message.replace(['\n', '\r'], " "));
    if let Ok(mut file) = options.open(path) {
        let _ = writeln!(file, "{} {line}", crate::clock::now().to_rfc3339());
    }
}

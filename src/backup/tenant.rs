//! One tenant's memories from an export's file, while others read and write.

use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::export::{self, How, Taken};
use crate::file::io;
use crate::json::Args;
use crate::operation::{Bodies, Call, Context};
use crate::report::Report;
use crate::seal::DataKey;
use crate::{registry, sql};
use bytes::Bytes;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What the memories come into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Into {
    /// A tenant that has none.
    Empty,
    /// A tenant whose own are taken away in the same transaction.
    InsteadOf,
    /// A tenant that keeps its own; what is there by its id stays as it is.
    Beside,
}

/// Makes a tenant unless it is there.
pub async fn make(app: &Arc<App>, name: &str, isolation: &str) -> Result<()> {
    let mut args = Args::default();
    args.put("tenant_id", crate::json::raw(&name)?)?;
    args.put("isolation", crate::json::raw(&isolation)?)?;
    let endpoint =
        registry::find("tenant_create").ok_or_else(|| Error::internal("no tenant_create"))?;
    match endpoint.call(app, Call::of_operator(args)).await {
        Err(error) if error.code() == "tenant_exists" => Ok(()),
        result => result.map(drop),
    }
}

/// Takes an export's file, all of it or nothing. `key`: what its sealed texts are under, where this installation may not know it any more.
pub async fn take(
    app: &Arc<App>,
    file: &Path,
    name: &str,
    into: Into,
    key: Option<Arc<DataKey>>,
    for_trial: bool,
    report: &Report,
) -> Result<Taken> {
    let ctx = Arc::new(context(app, name).await?);
    if into == Into::Empty
        && ctx
            .first(sql!("backup/any"), &[])
            .await?
            .is_some_and(|row| row.get(0))
    {
        let message = format!(
            "tenant {name} has memories of its own: give another name with --as, or --replace to put the backup's in their place"
        );
        return Err(Error::new(Kind::Conflict, "tenant_not_empty", message).field("as"));
    }
    let path = file.to_owned();
    let report = report.clone();
    let body = pieces(path, report)?;
    let how = How {
        instead: into == Into::InsteadOf,
        for_trial,
    };
    let taken = export::take(ctx, body, key, how).await?;
    app.places.forget(name);
    Ok(taken)
}

async fn context(app: &Arc<App>, name: &str) -> Result<Context> {
    let mut args = Args::default();
    args.put("tenant_id", crate::json::raw(&name)?)?;
    let endpoint = registry::find("import").ok_or_else(|| Error::internal("no import"))?;
    Ok(endpoint.context(app, Call::of_operator(args)).await?.0)
}

/// A file's bytes as a stream, unpacked as its first bytes ask for.
fn pieces(path: std::path::PathBuf, report: Report) -> Result<Bodies> {
    let mut reader = unpacked(&path, report)?;
    let (sender, receiver) = mpsc::channel(2);
    let gone = CancellationToken::new();
    let guard = gone.clone().drop_guard();
    tokio::task::spawn_blocking(move || {
        while !gone.is_cancelled() {
            let mut piece = vec![0; 64 * 1024];
            let next = match reader.read(&mut piece) {
                Ok(0) => return,
                Ok(read) => {
                    piece.truncate(read);
                    Ok(Bytes::from(piece))
                }
                Err(error) => Err(io("read", &path, error)),
            };
            let failed = next.is_err();
            if sender.blocking_send(next).is_err() || failed {
                return;
            }
        }
    });
    Ok(Box::pin(futures_util::stream::unfold(
        (receiver, guard),
        |(mut receiver, guard)| async move { Some((receiver.recv().await?, (receiver, guard))) },
    )))
}

/// A file's text, out of zstd or gzip or as it is.
pub fn unpacked(path: &Path, report: Report) -> Result<Box<dyn Read + Send>> {
    let failed = |error| io("read", path, error);
    let mut file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut magic = [0; 4];
    let read = file.read(&mut magic).map_err(failed)?;
    file.rewind().map_err(failed)?;
    report.stage(
        format!("reading {}", path.file_name().unwrap_or_default().display()),
        size,
    );
    let counted = BufReader::with_capacity(128 * 1024, Counted { file, report });
    Ok(match &magic[..read] {
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::Decoder::with_buffer(counted).map_err(failed)?),
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(counted)),
        _ => Box::new(counted),
    })
}

struct Counted {
    file: File,
    report: Report,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(into)?;
        self.report.advance(read as u64);
        Ok(read)
    }
}

/// The tenant that an export's header names.
pub fn header(path: &Path) -> Result<String> {
    let mut start = String::new();
    unpacked(path, Report::default())?
        .take(4096)
        .read_to_string(&mut start)
        .ok();
    let found = start
        .split_once("\"tenant_id\":")
        .map(|(_, rest)| rest.trim_start());
    let name = found.and_then(|rest| rest.strip_prefix('"')?.split('"').next());
    name.map(str::to_owned).ok_or_else(|| {
        let message = format!(
            "{} is no export: its header names no tenant",
            path.display()
        );
        Error::new(Kind::Invalid, "unknown_backup", message).field("backup")
    })
}

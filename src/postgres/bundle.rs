//! The PostgreSQL inside this executable, where it was built with one: the cargo feature `bundled`, with the archive that
//! packaging/postgres-bundle makes.

use super::find::{Binaries, MAJOR, probe};
use super::install::unpack;
use super::paths::{Paths, io, make_private};
use crate::db::sha256;
use crate::error::{Error, Kind, Result};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What the directories of unpacked bundles begin with; eight digits of the archive's sum follow.
const PREFIX: &str = "bundled-";

/// The archive and its sha256, in hexadecimal.
#[cfg(feature = "bundled")]
const BUNDLE: Option<(&[u8], &str)> = {
    macro_rules! file {
        ($processor:literal, $end:literal) => {
            concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/target/postgres-bundle/postgresql-15-",
                $processor,
                ".tar.zst",
                $end
            )
        };
    }
    #[cfg(target_arch = "x86_64")]
    let bundle = (
        include_bytes!(file!("x86_64", "")).as_slice(),
        include_str!(file!("x86_64", ".sha256")),
    );
    #[cfg(target_arch = "aarch64")]
    let bundle = (
        include_bytes!(file!("aarch64", "")).as_slice(),
        include_str!(file!("aarch64", ".sha256")),
    );
    Some(bundle)
};
#[cfg(not(feature = "bundled"))]
const BUNDLE: Option<(&[u8], &str)> = None;

/// The directory that this executable's PostgreSQL is, or would be, unpacked in.
fn place(paths: &Paths, sum: &str) -> PathBuf {
    paths.programs.join(format!("{PREFIX}{}", &sum[..8]))
}

/// Unpacks the PostgreSQL inside this executable, whole or not at all, where it fits the cluster that there is; what earlier executables
/// unpacked goes.
///
/// # Errors
/// Bytes that are not those this executable was built with; a directory that cannot be written.
pub fn unpacked(paths: &Paths, cluster: Option<u32>) -> Result<Option<Binaries>> {
    let fitting = BUNDLE.filter(|_| cluster.is_none_or(|major| major == MAJOR));
    let Some((archive, sum)) = fitting else {
        return Ok(None);
    };
    let failed = |cause: String| {
        let message = format!("the PostgreSQL in this executable cannot be unpacked: {cause}");
        Error::new(Kind::Unavailable, "bundle_failed", message)
    };
    let place = place(paths, sum);
    if !place.is_dir() {
        let found = sha256(archive)
            .iter()
            .fold(String::new(), |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            });
        if found != sum {
            return Err(failed(format!("its checksum is {found}, not {sum}")));
        }
        make_private(&paths.programs)?;
        let reader = zstd::Decoder::new(archive).map_err(|error| failed(error.to_string()))?;
        unpack(reader, &place).map_err(failed)?;
        remove_others(&paths.programs, &place)?;
    }
    probe(&place.join("bin"), "bundled")
        .map(Some)
        .ok_or_else(|| failed("it does not run on this machine".to_owned()))
}

fn remove_others(programs: &Path, place: &Path) -> Result<()> {
    let entries = std::fs::read_dir(programs).map_err(|error| io("read", programs, error))?;
    for entry in entries.flatten() {
        let path = entry.path();
        let of_a_bundle = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if of_a_bundle && path != place {
            std::fs::remove_dir_all(&path).map_err(|error| io("remove", &path, error))?;
        }
    }
    Ok(())
}

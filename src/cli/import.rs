//! `import`: an export, or what another program kept.

use super::backup::tell;
use super::open::with_app;
use super::progress::Progress;
use crate::backup::tenant::{Into, take};
use crate::config::Flags;
use crate::error::{Error, Result};
use crate::export::foreign::{Foreign, convert, recognise};
use crate::file::io;
use crate::report::Report;
use clap::Args;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

/// Options of `import`.
#[derive(Args)]
#[command(
    after_help = "What is there already stays as it is: importing the same again changes nothing.\n\nExamples:\n  agent-memory import export.json --tenant acme\n  agent-memory import ~/.mcp/memory.jsonl          the MCP reference memory server's entities and relations\n  agent-memory import ~/notes --dry-run            a directory of Markdown notes, with front matter or without"
)]
pub struct Import {
    /// An export (json or ndjson, packed or not), memory.jsonl of the MCP reference memory server, or a directory of Markdown notes.
    path: PathBuf,
    /// Into whose memory.
    #[arg(long, default_value = "default")]
    tenant: String,
    /// Do everything and keep nothing of it.
    #[arg(long)]
    dry_run: bool,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Import {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        // Read before the user changes: it is the caller's file.
        let foreign = recognise(&self.path)?;
        let mut converted = tempfile::NamedTempFile::new().map_err(Error::internal)?;
        let mut file = self.path.clone();
        if let Some(foreign) = foreign {
            let text = convert(&self.path, foreign, &self.tenant)?;
            let written = converted.write_all(text.as_bytes());
            written.map_err(|error| io("write", converted.path(), error))?;
            readable(converted.path())?;
            file = converted.path().to_owned();
        }
        with_app(flags, async |app| {
            let report = Report::default();
            let following = Progress::of(&report);
            let taken = take(
                &app,
                &file,
                &self.tenant,
                Into::Beside,
                None,
                self.dry_run,
                &report,
            )
            .await;
            drop(following);
            let taken = taken?;
            let kind = match foreign {
                None => "export",
                Some(Foreign::McpMemory) => "mcp-memory",
                Some(Foreign::Markdown) => "markdown",
            };
            let value = json!({"from": self.path, "format": kind, "tenant_id": self.tenant, "dry_run": self.dry_run,
                               "imported": taken.imported, "skipped": taken.skipped});
            let done = if self.dry_run {
                "would be imported (nothing was kept)"
            } else {
                "imported"
            };
            let text = format!(
                "{} memories {done} into {} ({kind}), {} were there already",
                taken.imported.all(),
                self.tenant,
                taken.skipped.all()
            );
            tell(&value, self.json, &text)
        })
    }
}

/// Started as root, the program goes on as another user, who has to read the file too; it is gone in a moment.
fn readable(path: &std::path::Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let mode = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(path, mode).map_err(|error| io("change", path, error))
}

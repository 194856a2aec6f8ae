//! `support-bundle`: what helps to find a fault, in one file.

use super::doctor::examine;
use super::open::{Database, block_on, configure, drop_root, must_exist};
use super::{slow, status};
use crate::config::{Config, Flags, load};
use crate::error::{Error, Result};
use crate::file::io;
use crate::seal::classify::redact;
use crate::{clock, sql};
use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;

/// Options of `support-bundle`.
#[derive(Args)]
#[command(
    after_help = "In it: doctor's findings, the settings with secrets hidden, versions, sizes of tables, runs of jobs, slow statements without their\nvalues, and the journal's last lines. Not in it: passwords, keys, memories. Look into it before you give it away: tar -xzOf FILE\n\nExamples:\n  agent-memory support-bundle\n  agent-memory support-bundle /tmp/for-support.tar.gz"
)]
pub struct SupportBundle {
    /// The file; else agent-memory-support-DATE.tar.gz here.
    file: Option<PathBuf>,
}

impl SupportBundle {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let loaded = load(flags)?;
        let settings: Vec<Value> = loaded
            .shown
            .iter()
            .map(|(name, value, source)| json!({"setting": name, "value": value, "source": source.to_string()}))
            .collect();
        let mut parts = vec![("config.json", json!(settings))];
        parts.push((
            "doctor.json",
            serde_json::to_value(examine(flags)).map_err(Error::internal)?,
        ));
        parts.push(("machine.json", machine()));
        let config = configure(flags, true)?.config;
        if must_exist(&config).is_ok() && drop_root(&config).is_ok() {
            parts.extend(block_on(of_database(&config))?);
        }
        let date = clock::now().format("%Y%m%d_%H%M%S");
        let file = self
            .file
            .unwrap_or_else(|| PathBuf::from(format!("agent-memory-support-{date}.tar.gz")));
        write(&file, &parts)?;
        super::print(&format!(
            "{} ({} parts; look into it before you give it away: tar -xzOf {})",
            file.display(),
            parts.len(),
            file.display()
        ))
    }
}

async fn of_database(config: &Config) -> Result<Vec<(&'static str, Value)>> {
    let mut parts = vec![("status.json", status::gather(config).await?)];
    let database = match Database::open(config, true).await {
        Ok(database) => database,
        Err(error) => {
            return Ok([
                parts,
                vec![("database.json", json!({"error": error.causes()}))],
            ]
            .concat());
        }
    };
    let owner = &database.roles.owner;
    let gathered = async {
        let connection = owner.connect().await?;
        let list = |rows: Vec<crate::db::Row>| -> Vec<Value> {
            let parsed = rows.iter().map(|row| serde_json::from_str(row.get(0)));
            parsed.filter_map(serde_json::Result::ok).collect()
        };
        let tables = list(connection.query(sql!("system/support_tables"), &[]).await?);
        let settings = list(
            connection
                .query(sql!("system/support_settings"), &[])
                .await?,
        );
        let runs = list(connection.query(sql!("system/support_runs"), &[]).await?);
        Ok::<_, Error>(vec![
            ("tables.json", json!(tables)),
            ("postgres.json", json!(settings)),
            ("jobs.json", json!(runs)),
        ])
    };
    match gathered.await {
        Ok(more) => parts.extend(more),
        Err(error) => parts.push(("database.json", json!({"error": error.causes()}))),
    }
    if let Ok(found) = slow::slowest(owner, 20).await {
        parts.push(("slow.json", found));
    }
    database.close().await;
    Ok(parts)
}

fn machine() -> Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let journal = Command::new("journalctl")
        .args([
            "-u",
            "agent-memory",
            "-n",
            "1000",
            "--no-pager",
            "-o",
            "short-iso",
        ])
        .output();
    let journal = journal.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    json!({
        "version": env!("CARGO_PKG_VERSION"), "at": clock::now(), "kernel": read("/proc/version").trim(),
        "memory": read("/proc/meminfo").lines().take(5).collect::<Vec<_>>(), "load": read("/proc/loadavg").trim(),
        "system": read("/etc/os-release").lines().filter(|line| line.starts_with("PRETTY_NAME")).collect::<Vec<_>>(),
        "journal": journal.unwrap_or_default().lines().collect::<Vec<_>>(),
    })
}

fn write(file: &std::path::Path, parts: &[(&str, Value)]) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let failed = |error| io("write", file, error);
    let open = std::fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file);
    let mut archive = tar::Builder::new(GzEncoder::new(
        open.map_err(failed)?,
        Compression::default(),
    ));
    for (name, value) in parts {
        let text = redact(&serde_json::to_string_pretty(value).map_err(Error::internal)?);
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(clock::now().timestamp()).unwrap_or_default());
        let path = format!("agent-memory-support/{name}");
        archive
            .append_data(&mut header, path, text.as_bytes())
            .map_err(failed)?;
    }
    archive
        .into_inner()
        .and_then(GzEncoder::finish)
        .map(drop)
        .map_err(failed)
}

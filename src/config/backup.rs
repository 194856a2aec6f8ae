//! The settings of backups.

use super::Config;
use crate::error::{Error, Result};
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// Backups.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "packaging/config.toml documents each setting")]
pub struct Backup {
    pub enabled: bool,
    pub schedule: String,
    pub verify_schedule: String,
    pub dir: String,
    pub keep_days: u32,
    pub keep_weeks: u32,
    pub keep_months: u32,
    pub keep_minimum: u32,
    pub rto_target: String,
    pub rpo_target: String,
    pub user: String,
    pub password: String,
    pub password_file: String,
    pub host: String,
    pub port: u16,
    pub offsite: String,
    pub offsite_endpoint: String,
    pub offsite_region: String,
    pub offsite_key_id: String,
    pub offsite_secret: String,
    pub offsite_secret_file: String,
    pub offsite_ca: String,
}

impl Config {
    /// Where backups are.
    pub fn backup_dir(&self) -> PathBuf {
        match self.backup.dir.as_str() {
            "" => self.data_dir().join("backups"),
            path => PathBuf::from(path),
        }
    }

    /// Within which time a restore is to be done, and how much time's memories may be lost at most.
    ///
    /// # Errors
    /// Anything but a number with s, m, h or d behind it.
    pub fn recovery_targets(&self) -> Result<(Duration, Duration)> {
        Ok((
            span("backup.rto_target", &self.backup.rto_target)?,
            span("backup.rpo_target", &self.backup.rpo_target)?,
        ))
    }
}

/// A span of time such as 90s, 15m, 4h or 2d.
fn span(field: &'static str, text: &str) -> Result<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        "d" => Some(86_400),
        _ => None,
    };
    let seconds = unit.and_then(|unit| digits.parse::<u64>().ok()?.checked_mul(unit));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        let message =
            format!("{field} = {text:?}: a number with s, m, h or d behind it, such as 4h");
        Error::invalid(message).field(field)
    })
}

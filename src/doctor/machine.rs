//! Checks of this machine: settings, files, secrets' ages.

use super::Finding;
use crate::clock;
use crate::config::Config;
use chrono::{DateTime, Duration, Utc};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// After how many days a secret should be another; as the deployment guide has it.
pub const AGE: i64 = 90;

/// The settings, and the files they name.
pub fn machine(config: &Config, warnings: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for weak in config.weaknesses() {
        let what = format!("{}: {}", weak.setting, weak.what);
        found.push(Finding::fail("weak_setting", what, weak.mend));
    }
    if found.is_empty() {
        found.push(Finding::ok("settings", "no setting is weak"));
    }
    for warning in warnings {
        if !found.iter().any(|finding| warning.contains(&finding.what))
            && warning.contains("is not known")
        {
            let mend = "agent-memory config show";
            found.push(Finding::warn("unknown_variable", warning.clone(), mend));
        }
    }
    found.extend(ages_and_modes(config, clock::now()));
    found
}

/// Files that hold a secret: what it is, where, and how to make another.
fn secrets(config: &Config) -> Vec<(&'static str, PathBuf, &'static str)> {
    let database = &config.database;
    let mut files = vec![
        (
            "the admin key",
            config.admin_key_file(),
            "make another with agent-memory keys create --tenant '*' --access admin, revoke the old one",
        ),
        (
            "the key of sealed texts",
            config.encryption_key_file(),
            "agent-memory keys rotate-encryption",
        ),
    ];
    for (what, file) in [
        ("the database password", &database.password_file),
        (
            "the owner's database password",
            &database.owner_password_file,
        ),
    ] {
        files.push((
            what,
            PathBuf::from(file),
            "agent-memory secrets rotate-database",
        ));
    }
    files.push((
        "the database password",
        PathBuf::from(&database.passfile),
        "change it in the database and in the file",
    ));
    files.push((
        "the database's client key",
        PathBuf::from(&database.sslkey),
        "have a new certificate made",
    ));
    if !config.is_external() {
        files.push((
            "the database passwords",
            config.data_dir().join("pgpass"),
            "agent-memory secrets rotate-database",
        ));
    }
    files
}

/// Secrets that others can read, or that are older than they should be. What is not there is not looked at.
pub fn ages_and_modes(config: &Config, now: DateTime<Utc>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut looked = Vec::new();
    for (what, file, mend) in secrets(config) {
        let Ok(about) = std::fs::metadata(&file) else {
            continue;
        };
        looked.push(what);
        found.extend(mode(what, &file, about.mode()));
        let changed = DateTime::from_timestamp(about.mtime(), 0).unwrap_or(now);
        let days = (now - changed).num_days();
        if now - changed > Duration::days(AGE) {
            let said = format!(
                "{what} ({}) is {days} days old, more than {AGE}",
                file.display()
            );
            found.push(Finding::warn("secret_age", said, mend));
        }
    }
    for file in [".env", ".env.production"].map(Path::new) {
        if let Ok(about) = std::fs::metadata(file) {
            found.extend(mode("the environment file", file, about.mode()));
        }
    }
    if found.is_empty() && !looked.is_empty() {
        let said = format!(
            "{} secrets are this user's alone and younger than {AGE} days",
            looked.len()
        );
        found.push(Finding::ok("secrets", said));
    }
    found
}

fn mode(what: &str, file: &Path, mode: u32) -> Option<Finding> {
    let open = mode & 0o077;
    (open != 0).then(|| {
        let said = format!(
            "{what} ({}) can be read by others: mode {:o}",
            file.display(),
            mode & 0o777
        );
        Finding::warn("file_mode", said, format!("chmod 600 {}", file.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::mode;
    use std::path::Path;

    #[test]
    fn what_others_can_read_is_named_with_its_command() {
        assert!(mode("x", Path::new("/k"), 0o100_600).is_none());
        let finding = mode("the key", Path::new("/k"), 0o100_644).expect("others can read it");
        assert_eq!(finding.mend.as_deref(), Some("chmod 600 /k"));
        assert!(finding.what.contains("mode 644"), "{}", finding.what);
    }
}

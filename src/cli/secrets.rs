//! `secrets`: making them, and changing the database's while servers run.

use super::open::{Database, block_on, configure, drop_root, must_exist};
use crate::config::{Config, Flags};
use crate::db::{Password, Target, verifier};
use crate::error::{Error, Result};
use crate::file::write_private;
use crate::{id, postgres, sql};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Subcommand;
use std::path::Path;

/// Commands of `secrets`.
#[derive(Subcommand)]
#[command(
    after_help = "Examples:\n  agent-memory secrets generate > /etc/agent-memory/db-password\n  PGPASSWORD_FILE=/etc/agent-memory/db-password agent-memory secrets rotate-database"
)]
pub enum Secrets {
    /// Print a new secret: letters, digits, - and _, drawn by the operating system.
    Generate {
        /// How many characters, 32 to 1024.
        #[arg(long, default_value_t = 43, value_parser = clap::value_parser!(u16).range(32..=1024))]
        length: u16,
    },
    /// Give the database roles new passwords while servers run: no request fails. The embedded database's are all changed; an external
    /// one's are changed in the files named by PGPASSWORD_FILE and PGOWNER_PASSWORD_FILE, which servers read for every connection.
    RotateDatabase,
}

impl Secrets {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        match self {
            Self::Generate { length } => super::print(&generate(length.into())),
            Self::RotateDatabase => {
                let config = configure(flags, true)?.config;
                must_exist(&config)?;
                drop_root(&config)?;
                let done = block_on(rotate(&config))?;
                super::print(&format!("new passwords for {}", done.join(", ")))
            }
        }
    }
}

/// A new secret of so many characters of URL-safe base64.
pub fn generate(length: usize) -> String {
    let mut text = String::new();
    while text.len() < length {
        text.push_str(&URL_SAFE_NO_PAD.encode(id::random::<48>()));
    }
    text.truncate(length);
    text
}

async fn rotate(config: &Config) -> Result<Vec<String>> {
    if !config.is_external() {
        let (access, embedded) = postgres::attach(config).await?;
        let done = postgres::rotate_passwords(config, &access).await;
        if let Some(server) = embedded {
            server.stop().await;
        }
        return done;
    }
    let database = Database::open(config, true).await?;
    let (files, mut done) = (&config.database, Vec::new());
    let two = database.roles.application.user() != database.roles.owner.user();
    if two && files.owner_password_file.is_empty() && files.owner_password.is_empty() {
        let message = "the owner is another role and takes its password from the application's file: give it one of its own in PGOWNER_PASSWORD_FILE";
        return Err(Error::invalid(message).field("database.owner_password_file"));
    }
    for (target, file) in [
        (&database.roles.application, files.password_file.as_str()),
        (&database.roles.owner, files.owner_password_file.as_str()),
    ] {
        if done.iter().any(|user| user == target.user()) {
            continue;
        }
        if !file.is_empty() {
            change(target, Path::new(file)).await?;
            done.push(target.user().to_owned());
        }
    }
    match done.is_empty() {
        false => Ok(done),
        true => Err(Error::invalid(
            "a password can only be changed under running servers where it is in a file: give PGPASSWORD_FILE instead of PGPASSWORD",
        )
        .field("database.password_file")),
    }
}

/// A role changes its own password. The new one is on the disk before the database has it; servers that connect in the moment between
/// the two try again until the file says the new one.
async fn change(target: &Target, file: &Path) -> Result<()> {
    let password = generate(43);
    let mut beside = file.as_os_str().to_owned();
    beside.push(".next");
    let beside = Path::new(&beside);
    // An earlier change that was cut off: what is beside the file may be the password by now.
    if let Ok(left) = std::fs::read_to_string(beside) {
        let password = Password::Given(left.trim().to_owned());
        if target
            .as_role(target.user(), Some(password))
            .connect()
            .await
            .is_ok()
        {
            std::fs::rename(beside, file)
                .map_err(|error| crate::file::io("replace", file, error))?;
        }
    }
    write_private(beside, &(password.clone() + "\n"))?;
    let connection = target.connect().await?;
    let user = target.user();
    let rows = connection
        .query(sql!("system/set_password"), &[&user, &verifier(&password)])
        .await?;
    for row in &rows {
        connection.batch(row.get(0)).await?;
    }
    std::fs::rename(beside, file).map_err(|error| crate::file::io("replace", file, error))
}

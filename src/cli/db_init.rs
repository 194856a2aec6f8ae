//! `db init`: what a deployment guide has a person type into psql.

use super::open::{block_on, given, kept, security};
use super::secrets::generate;
use crate::config::Config;
use crate::db::init::{self, Names, Passwords};
use crate::db::{Password, Target};
use crate::error::{Error, Result};
use crate::file::write_private;
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The owner's name, unless PGOWNER_USER says another.
const OWNER: &str = "agent_memory_owner";
/// The backup role's name.
const BACKUP: &str = "agent_memory_backup";
/// How long connecting may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Options of `db init`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  agent-memory db init --admin-url postgres://postgres@localhost/postgres --dry-run\n  agent-memory db init --admin-url postgres://postgres@localhost/postgres --write /etc/agent-memory/environment\n\nThe database and the application's role are called as PGDATABASE and PGUSER say: agent_memory and agent_memory_user."
)]
pub struct Init {
    /// A superuser's address on the server; its password may stand in PGPASSFILE's file or in the address.
    #[arg(long, value_name = "URL")]
    admin_url: String,
    /// A file with that superuser's password.
    #[arg(long, value_name = "FILE")]
    admin_password_file: Option<PathBuf>,
    /// Print the SQL, passwords left out, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write the settings for the server, with the new passwords, into this file (0600) instead of printing them.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

impl Init {
    /// Runs the command.
    pub fn run(self, config: &Config) -> Result<()> {
        let admin = Target::parse(&self.admin_url, &security(config), TIMEOUT, true);
        let mut admin = admin.map_err(|_| {
            let message = "--admin-url is an address such as postgres://postgres@host/postgres";
            Error::invalid(message).field("admin-url")
        })?;
        if let Some(file) = &self.admin_password_file {
            let user = admin.user().to_owned();
            admin = admin.as_role(&user, Some(kept(&file.display().to_string())));
        }
        let owner = match config.database.owner_user.as_str() {
            "" => OWNER,
            user => user,
        };
        let names = Names {
            database: &config.database.name,
            owner,
            application: &config.database.user,
            backup: BACKUP,
        };
        block_on(async {
            let connection = admin.connect().await?;
            let there = init::roles_there(&connection, &names).await?;
            let passwords = passwords(config, &names, &there)?;
            if self.dry_run {
                return super::print(&plan(&admin, &names, &passwords, &there).await?);
            }
            if let Some(file) = &self.write {
                reserve(file)?;
            }
            init::run(&admin, &names, &passwords).await?;
            report(&self.admin_url, &names, &passwords, self.write.as_deref())
        })
    }
}

/// New passwords for roles that are new; one that is given is taken for a role that is there too.
fn passwords(config: &Config, names: &Names<'_>, there: &[String]) -> Result<Passwords> {
    let of = |role: &str, given: Option<Password>| -> Result<Option<String>> {
        match given {
            Some(given) => given.now().map(Some),
            None if there.iter().any(|name| name == role) => Ok(None),
            None => Ok(Some(generate(43))),
        }
    };
    let database = &config.database;
    let application = given(&database.password, &database.password_file);
    // An owner that is named without a password has the application's, as the server takes it.
    let owner = given(&database.owner_password, &database.owner_password_file);
    let owner = owner.or_else(|| {
        application
            .clone()
            .filter(|_| !database.owner_user.is_empty())
    });
    let backup = given(&config.backup.password, &config.backup.password_file);
    Ok(Passwords {
        owner: of(names.owner, owner)?,
        application: of(names.application, application)?,
        backup: of(names.backup, backup)?,
    })
}

async fn plan(
    admin: &Target,
    names: &Names<'_>,
    passwords: &Passwords,
    there: &[String],
) -> Result<String> {
    let connection = admin.connect().await?;
    let mut lines = init::outside(&connection, names, passwords).await?;
    for line in &mut lines {
        if let Some((before, _)) = line.split_once(" password '") {
            *line = format!("{before} password '…'");
        }
    }
    // A database that is not there yet is a copy of the one that every new one is a copy of.
    let inside = match admin.with_database(names.database).connect().await {
        Ok(connection) => connection,
        Err(_) => admin.connect().await?,
    };
    let within = init::inside(&inside, names).await?;
    let known = match there.is_empty() {
        true => String::new(),
        false => format!("-- there already: {}\n", there.join(", ")),
    };
    let script = |lines: Vec<String>| lines.join(";\n") + ";";
    Ok(format!(
        "{known}{}\n\\connect {}\n{}",
        script(lines),
        names.database,
        script(within)
    ))
}

/// Makes the file before anything else is made: passwords that cannot be written down are not given.
fn reserve(file: &Path) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file);
    made.map(drop).map_err(|error| {
        let message = format!(
            "{} cannot be made ({error}); nothing was changed",
            file.display()
        );
        Error::invalid(message).field("write")
    })
}

/// The settings that a server needs now.
fn report(
    admin_url: &str,
    names: &Names<'_>,
    passwords: &Passwords,
    file: Option<&Path>,
) -> Result<()> {
    let (hosts, _) = crate::config::hosts_and_password(admin_url);
    let mut lines = vec![
        format!("PGHOST={}", hosts.join(",")),
        format!("PGDATABASE={}", names.database),
        format!("PGUSER={}", names.application),
    ];
    if let Some(port) = crate::config::port_of(admin_url) {
        lines.insert(1, format!("PGPORT={port}"));
    }
    let mut known = |name: &str, password: &Option<String>, role: &str| match password {
        // What was given is known, and a log is no place for it.
        Some(_) if file.is_none() && std::env::var_os(format!("{name}_FILE")).is_some() => {
            lines.push(format!("# {name}: as {name}_FILE says"));
        }
        Some(password) => lines.push(format!("{name}={password}")),
        None => lines.push(format!(
            "# {name}: the role {role} was there, its password is as it was"
        )),
    };
    known("PGPASSWORD", &passwords.application, names.application);
    known("PGOWNER_PASSWORD", &passwords.owner, names.owner);
    known("PGBACKUP_PASSWORD", &passwords.backup, names.backup);
    lines.insert(3, format!("PGOWNER_USER={}", names.owner));
    lines.push(format!("PGBACKUP_USER={}", names.backup));
    let text = lines.join("\n") + "\n";
    let Some(file) = file else {
        return super::print(&format!(
            "{text}# keep this: the passwords are not shown again. Next: agent-memory migrate up, or agent-memory serve"
        ));
    };
    write_private(file, &text)?;
    super::print(&format!(
        "made; the settings are in {}. Next: agent-memory --env-file {} serve",
        file.display(),
        file.display()
    ))
}

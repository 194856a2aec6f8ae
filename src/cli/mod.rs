//! The command line. Only this folder names clap.

mod audit;
mod backup;
mod backup_restore;
mod call;
mod config;
mod db;
mod db_init;
mod doctor;
mod generate;
mod healthcheck;
mod hook;
mod import;
mod install;
mod jobs;
mod keys;
mod maintain;
mod mcp;
mod migrate;
mod open;
mod progress;
mod psql;
mod secrets;
pub mod serve;
mod slow;
mod status;
mod support;
mod tenants;

use crate::config::Flags;
use crate::error::{Error, Kind, Result};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Thread's Memory System: the memory an AI agent keeps between its sessions.
///
/// Without a command it serves, on a PostgreSQL that it finds, starts and looks after by itself.
#[derive(Parser)]
#[command(name = "agent-memory", version = concat!(env!("CARGO_PKG_VERSION"), " (Thread's Memory System)"), after_help = "Examples:\n  agent-memory                                  serve on http://127.0.0.1:3456\n  agent-memory call wake_up --with-whom Ada     wake up from the command line\n  agent-memory mcp                              serve one MCP client on stdio\n  agent-memory config show                      every setting and where it comes from\n\nIssues: https://github.com/callin2/agent-memory/issues")]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Options that every command takes.
#[derive(Args, Clone, Debug)]
struct Options {
    /// A configuration file; else /etc/agent-memory/config.toml when it is there.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A file of environment variables, instead of .env and .env.production here. May be repeated.
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Vec<PathBuf>,
    /// Where all state is kept.
    #[arg(long, global = true, value_name = "DIRECTORY")]
    data_dir: Option<String>,
    /// Pins the database: embedded (ours) or external (PGHOST or DATABASE_URL).
    #[arg(long, global = true, value_name = "WHICH")]
    database: Option<String>,
    /// The user to become when started as root.
    #[arg(long, global = true, value_name = "USER")]
    run_as: Option<String>,
    /// error, warn, info, debug or trace.
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve HTTP and MCP (what happens without a command).
    Serve(serve::Serve),
    /// Run one operation: agent-memory call NAME --help lists its arguments; without NAME, all operations.
    Call(call::Call),
    /// Serve one MCP client on standard input and output.
    Mcp(mcp::Mcp),
    /// Put our hooks and our MCP server into the settings of Claude Code, Codex or Cursor.
    Install(install::Settings),
    /// Take them out again: the files are as they were, to the byte.
    Uninstall(install::Settings),
    /// What the program that an agent runs in calls at the beginning, the end, and in between: agent-memory hook --help.
    Hook(hook::Run),
    /// The embedded database: its state, its address, stopping it.
    #[command(subcommand)]
    Db(db::Db),
    /// A psql shell on the database.
    Psql(psql::Psql),
    /// The database's schema.
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Tenants: making them, their quotas, deleting and erasing them.
    #[command(subcommand)]
    Tenants(tenants::Tenants),
    /// Keys of tenants and of the installation.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// The audit log.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Secrets: making them, and changing the database's while servers run.
    #[command(subcommand)]
    Secrets(secrets::Secrets),
    /// What the server does by itself: when, how it went, and now.
    #[command(subcommand)]
    Jobs(jobs::Jobs),
    /// Backups: making, verifying and restoring them.
    #[command(subcommand)]
    Backup(backup::Backup),
    /// Import an export, or what another program kept: the MCP reference memory server's file, Markdown notes.
    Import(import::Import),
    /// What is looked after each day, week or month, now.
    Maintain(maintain::Maintain),
    /// What is wrong, or could be, and the command that mends it; works when the server does not.
    Doctor(doctor::Doctor),
    /// Whether the server runs, on what, and how it stands with backups and jobs.
    Status(status::Status),
    /// Whether the server answers, as an exit code: for containers.
    Healthcheck(healthcheck::Healthcheck),
    /// The statements that take longest, and indexes that are missing.
    Slow(slow::Slow),
    /// Everything that helps to find a fault, in one file, without secrets and memories.
    SupportBundle(support::SupportBundle),
    /// The configuration.
    #[command(subcommand)]
    Config(config::Config),
    /// Print the OpenAPI 3.1 document.
    Openapi,
    /// Man pages and shell completions.
    #[command(subcommand)]
    Generate(generate::Generate),
}

impl Options {
    fn flags(&self) -> Flags {
        let mut settings = Vec::new();
        let mut put = |flag, setting, value: &Option<String>| {
            if let Some(value) = value {
                settings.push((flag, setting, value.clone()));
            }
        };
        put("data-dir", "embedded.data_dir", &self.data_dir);
        put("database", "database.mode", &self.database);
        put("run-as", "embedded.run_as", &self.run_as);
        put("log-level", "log.level", &self.log_level);
        Flags {
            file: self.config.clone(),
            env_files: self.env_file.clone(),
            elsewhere: false,
            settings,
        }
    }
}

/// Runs the command line.
pub fn run() -> Result<()> {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // A hook of another version: a host takes some exit codes for an order.
        Err(error)
            if error.use_stderr() && std::env::args().nth(1).is_some_and(|word| word == "hook") =>
        {
            crate::log::complain(&error.to_string());
            return Ok(());
        }
        Err(error) => error.exit(),
    };
    let mut flags = cli.options.flags();
    flags.elsewhere = matches!(
        cli.command,
        Some(Command::Hook(_) | Command::Install(_) | Command::Uninstall(_))
    );
    match cli
        .command
        .unwrap_or(Command::Serve(serve::Serve::default()))
    {
        Command::Serve(serve) => serve.run(flags),
        Command::Call(call) => call.run(&flags),
        Command::Mcp(mcp) => mcp.run(&flags),
        Command::Hook(hook) => hook.run(&flags),
        Command::Install(install) => install.install(&flags),
        Command::Uninstall(install) => install.uninstall(&flags),
        Command::Db(db) => db.run(&flags),
        Command::Psql(psql) => psql.run(&flags),
        Command::Migrate(migrate) => migrate.run(&flags),
        Command::Tenants(tenants) => tenants.run(&flags),
        Command::Keys(keys) => keys.run(&flags),
        Command::Audit(audit) => audit.run(&flags),
        Command::Secrets(secrets) => secrets.run(&flags),
        Command::Jobs(jobs) => jobs.run(&flags),
        Command::Backup(backup) => backup.run(&flags),
        Command::Import(import) => import.run(&flags),
        Command::Maintain(maintain) => maintain.run(&flags),
        Command::Doctor(doctor) => doctor.run(&flags),
        Command::Status(status) => status.run(&flags),
        Command::Healthcheck(healthcheck) => healthcheck.run(&flags),
        Command::Generate(generate) => generate.run(),
        Command::Slow(slow) => slow.run(&flags),
        Command::SupportBundle(support) => support.run(&flags),
        Command::Config(config) => config.run(&flags),
        Command::Openapi => print(
            &serde_json::to_string_pretty(&crate::http::document()?).map_err(Error::internal)?,
        ),
    }
}

/// The exit code of an error, by sysexits.h.
pub fn exit_code(error: &Error) -> u8 {
    match error.kind() {
        Kind::Invalid | Kind::Conflict
            if error.at_field().is_some() || error.kind() == Kind::Conflict =>
        {
            78
        } // EX_CONFIG
        Kind::Invalid
        | Kind::UnsupportedMedia
        | Kind::MethodNotAllowed
        | Kind::TooLarge
        | Kind::Unprocessable => 65, // EX_DATAERR
        Kind::NotFound | Kind::Gone => 66, // EX_NOINPUT
        Kind::Unauthenticated | Kind::Forbidden => 77, // EX_NOPERM
        Kind::Unavailable | Kind::Timeout | Kind::Limited => 69, // EX_UNAVAILABLE
        Kind::StorageFull => 74,           // EX_IOERR
        Kind::Conflict | Kind::Internal => 70, // EX_SOFTWARE
    }
}

/// What a person reads of an error: the causes too where the fault is not in what was asked.
pub fn explain(error: &Error) -> String {
    match error.kind() {
        Kind::Invalid | Kind::NotFound | Kind::Unprocessable | Kind::Gone => {
            error.message().to_owned()
        }
        _ => error.causes(),
    }
}

/// Writes to standard output; a reader that has gone is no failure.
fn print(text: &str) -> Result<()> {
    use std::io::Write;
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::internal(error)),
        _ => Ok(()),
    }
}

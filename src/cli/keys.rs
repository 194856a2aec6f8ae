//! `keys`: the key operations as commands, and the key of sealed texts.

use super::call::administer;
use super::open::with_app;
use crate::audit::Entry;
use crate::config::Flags;
use crate::error::{Error, Result};
use crate::seal::{escrow, rotate, settle};
use crate::tenant::INSTALLATION;
use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

/// Commands of `keys`.
#[derive(Subcommand)]
#[command(
    after_help = "Examples:\n  agent-memory keys create --tenant acme --access write --name 'laptop'\n  agent-memory keys list --tenant '*'\n  agent-memory keys revoke key_01a2… --tenant acme"
)]
pub enum Keys {
    /// Make a key; it is printed once and never again.
    Create {
        /// Whose; '*' for a key of the installation, which reaches all tenants.
        #[arg(long, default_value = "default")]
        tenant: String,
        /// read, write (and read), admin (and all).
        #[arg(long)]
        access: String,
        /// What it is for.
        #[arg(long)]
        name: Option<String>,
        /// Until when it works, as 2027-01-01T00:00:00Z.
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
    },
    /// The keys of a tenant, without the keys themselves.
    List {
        /// Whose; '*' for those of the installation.
        #[arg(long, default_value = "default")]
        tenant: String,
    },
    /// Make a new key for sealed texts' keys and wrap every tenant's data key anew. Servers go on meanwhile.
    RotateEncryption {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// What to keep elsewhere, so that sealed texts can be opened after everything here is lost.
    Escrow {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// End a key; it stops working within a second.
    Revoke {
        /// Its id, key_….
        id: String,
        /// Whose; '*' for one of the installation.
        #[arg(long, default_value = "default")]
        tenant: String,
    },
}

impl Keys {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        match self {
            Self::Create {
                tenant,
                access,
                name,
                expires_at,
            } => {
                let members = json!({"tenant_id": tenant, "access": access, "name": name, "expires_at": expires_at});
                administer(flags, "key_create", &members, &[])
            }
            Self::List { tenant } => {
                administer(flags, "key_list", &json!({"tenant_id": tenant}), &[])
            }
            Self::RotateEncryption { json } => with_app(flags, async |app| {
                let done = rotate::rotate(&app.vault, &app.owner).await?;
                show(
                    json,
                    &done,
                    &format!(
                        "{} data keys are wrapped by {} now. Keep {} for backups that were made until now, and put the new key where the old one was kept (agent-memory keys escrow).",
                        done.data_keys, done.to, done.previous_file
                    ),
                )
            }),
            Self::Escrow { json } => {
                with_app(flags, async |app| {
                    settle(&app.vault, &app.owner).await?;
                    let what = escrow(&app.vault, &app.owner).await?;
                    let tx = app.begin_as_owner().await?;
                    Entry::new("keys_escrow", None, "command line", INSTALLATION)
                        .append(&tx, std::slice::from_ref(&what.key_id))
                        .await?;
                    tx.commit().await?;
                    let previous = what.previous_files.iter().fold(String::new(), |text, file| {
                    format!("{text}\n  {file}   a key before, for backups that were made under it")
                });
                    show(
                        json,
                        &what,
                        &format!(
                            "Keep a copy of these files elsewhere, apart from the backups: without them sealed texts ({} tenants) cannot be opened.\n  {}   key {}{previous}",
                            what.tenants, what.file, what.key_id
                        ),
                    )
                })
            }
            Self::Revoke { id, tenant } => administer(
                flags,
                "key_revoke",
                &json!({"tenant_id": tenant, "id": id}),
                &[],
            ),
        }
    }
}

fn show(json: bool, value: &impl Serialize, text: &str) -> Result<()> {
    match json {
        true => super::print(&serde_json::to_string_pretty(value).map_err(Error::internal)?),
        false => super::print(text),
    }
}

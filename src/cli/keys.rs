//! `keys`: the key operations as commands, and the key of sealed texts.

use super::call::administer;
use crate::config::Flags;
use crate::error::Result;
use clap::Subcommand;
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
            Self::Revoke { id, tenant } => administer(
                flags,
                "key_revoke",
                &json!({"tenant_id": tenant, "id": id}),
                &[],
            ),
        }
    }
}

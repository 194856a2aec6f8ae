//! `tenants`: the tenant operations as commands.

use super::call::administer;
use crate::config::Flags;
use crate::error::{Error, Result};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::io::{BufRead, IsTerminal, Write};

/// Commands of `tenants`.
#[derive(Subcommand)]
#[command(
    after_help = "Examples:\n  agent-memory tenants create acme --isolation schema --requests-per-second 50\n  agent-memory tenants update acme --max-rows 100000\n  agent-memory tenants delete acme --erase"
)]
pub enum Tenants {
    /// All tenants.
    List {
        /// Those in the trash too.
        #[arg(long)]
        deleted: bool,
    },
    /// Make a tenant.
    Create {
        /// Its name.
        name: String,
        /// shared: in the tables of all, kept apart by row-level security; schema: in a schema of its own.
        #[arg(long, default_value = "shared")]
        isolation: String,
        #[command(flatten)]
        quotas: Quotas,
    },
    /// A tenant, its quotas and what it uses of them.
    Get {
        /// Its name.
        name: String,
    },
    /// Change a tenant's quotas.
    Update {
        /// Its name.
        name: String,
        #[command(flatten)]
        quotas: Quotas,
        /// A quota to lift, such as max_rows. May be repeated.
        #[arg(long, value_name = "QUOTA")]
        lift: Vec<String>,
    },
    /// Put a tenant into the trash for 30 days, or erase it.
    Delete {
        /// Its name.
        name: String,
        /// For good: every row, and the key of its sealed texts. Prints how many rows each table had, and has.
        #[arg(long)]
        erase: bool,
        /// Without asking.
        #[arg(long)]
        yes: bool,
    },
    /// Take a tenant out of the trash.
    Restore {
        /// Its name.
        name: String,
    },
}

/// The most a tenant may use.
#[derive(Args)]
pub struct Quotas {
    /// Requests a second, by each server.
    #[arg(long, value_name = "N")]
    requests_per_second: Option<i32>,
    /// Requests at once, by each server.
    #[arg(long, value_name = "N")]
    concurrent_requests: Option<i32>,
    /// Events recorded a day (UTC).
    #[arg(long, value_name = "N")]
    events_per_day: Option<i64>,
    /// Handoffs, notes, decisions and events together.
    #[arg(long, value_name = "N")]
    max_rows: Option<i64>,
    /// Bytes of their texts and artifacts.
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<i64>,
}

impl Quotas {
    fn members(&self, name: &str) -> Value {
        json!({
            "tenant_id": name, "requests_per_second": self.requests_per_second, "concurrent_requests": self.concurrent_requests,
            "events_per_day": self.events_per_day, "max_rows": self.max_rows, "max_bytes": self.max_bytes,
        })
    }
}

impl Tenants {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        match self {
            Self::List { deleted } => administer(
                flags,
                "tenant_list",
                &json!({"deleted": deleted, "limit": 1000}),
                &[],
            ),
            Self::Create {
                name,
                isolation,
                quotas,
            } => {
                let mut members = quotas.members(&name);
                members["isolation"] = isolation.into();
                administer(flags, "tenant_create", &members, &[])
            }
            Self::Get { name } => administer(flags, "tenant_get", &json!({"tenant_id": name}), &[]),
            Self::Update { name, quotas, lift } => {
                administer(flags, "tenant_update", &quotas.members(&name), &lift)
            }
            Self::Delete { name, erase, yes } => {
                if erase && !yes {
                    confirm(&name)?;
                }
                let members = json!({"tenant_id": name, "erase": erase});
                administer(flags, "tenant_delete", &members, &[])
            }
            Self::Restore { name } => {
                administer(flags, "tenant_restore", &json!({"tenant_id": name}), &[])
            }
        }
    }
}

/// What is final is typed out once more.
fn confirm(name: &str) -> Result<()> {
    let refuse = || {
        Error::invalid(format!(
            "nothing was erased: type the tenant's name to confirm, or give --yes (agent-memory tenants delete {name} --erase --yes)"
        ))
    };
    if !std::io::stdin().is_terminal() {
        return Err(refuse());
    }
    let _ = write!(
        std::io::stderr(),
        "Every memory of {name} will be gone for good. Its name, to confirm: "
    );
    let mut typed = String::new();
    let read = std::io::stdin().lock().read_line(&mut typed);
    match read {
        Ok(_) if typed.trim() == name => Ok(()),
        _ => Err(refuse()),
    }
}

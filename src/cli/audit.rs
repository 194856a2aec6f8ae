//! `audit`: the audit log.

use super::call::administer;
use super::open::{Database, block_on, configure, drop_root, must_exist};
use crate::audit::verify;
use crate::config::Flags;
use crate::error::{Error, Result};
use clap::Subcommand;
use serde_json::json;

/// Commands of `audit`.
#[derive(Subcommand)]
pub enum Audit {
    /// Walk every chain and find any row that was edited or is missing; exits non-zero when one does not hold.
    Verify {
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// A row that was written down elsewhere, as TENANT=ROW:HASH (the server's log has each). May be repeated.
        #[arg(long, value_name = "HEAD")]
        expect: Vec<String>,
    },
    /// The newest rows of a tenant's log, or ('*') of the installation's.
    List {
        /// Whose.
        #[arg(long, default_value = "*")]
        tenant: String,
        /// How many at most.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
}

impl Audit {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let (json, expected) = match self {
            Self::List { tenant, limit } => {
                let members = json!({"tenant_id": tenant, "limit": limit});
                return administer(flags, "audit_list", &members, &[]);
            }
            Self::Verify { json, expect } => (json, expect),
        };
        let config = configure(flags, true)?.config;
        must_exist(&config)?;
        drop_root(&config)?;
        let chains = block_on(async {
            let database = Database::open(&config, true).await?;
            let checked = async {
                let chains = verify::all(&database.roles.owner).await?;
                for head in &expected {
                    verify::expect(&database.roles.owner, head).await?;
                }
                Ok(chains)
            }
            .await;
            database.close().await;
            checked
        })?;
        let text = match json {
            true => serde_json::to_string_pretty(&chains).map_err(Error::internal)?,
            false if chains.is_empty() => "the audit log is empty".to_owned(),
            false => {
                let line = |chain: &verify::Chain| {
                    let state = chain.fault.as_deref().unwrap_or("holds");
                    format!(
                        "{:24} {:6} rows, head {}  {state}",
                        chain.tenant_id, chain.rows, chain.hash
                    )
                };
                chains.iter().map(line).collect::<Vec<_>>().join("\n")
            }
        };
        super::print(&text)?;
        verify::check(&chains)
    }
}

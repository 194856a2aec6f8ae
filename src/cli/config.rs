//! `config`: what is set, and from where.

use crate::config::{Flags, load};
use crate::error::{Error, Result};
use clap::Subcommand;
use serde_json::json;

/// Commands of `config`.
#[derive(Subcommand)]
pub enum Config {
    /// Every setting with its source; secrets hidden.
    Show {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Whether the configuration can be used.
    Check,
}

impl Config {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let loaded = load(flags)?;
        match self {
            Self::Show { json: true } => {
                let rows = loaded.shown.iter().map(|(name, value, source)| {
                    json!({"setting": name, "value": value, "source": source.to_string()})
                });
                let rows: Vec<_> = rows.collect();
                super::print(&serde_json::to_string_pretty(&rows).map_err(Error::internal)?)
            }
            Self::Show { json: false } => {
                let lines = loaded
                    .shown
                    .iter()
                    .map(|(name, value, source)| format!("{name:36} {value:40} {source}"));
                super::print(&lines.collect::<Vec<_>>().join("\n"))
            }
            Self::Check => {
                for warning in &loaded.warnings {
                    crate::log::complain(warning);
                }
                super::print("the configuration can be used")
            }
        }
    }
}

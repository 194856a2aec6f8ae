//! `maintain`: what a guide lists for each day, week and month, done now.

use super::open::{configure, must_exist, with_app};
use crate::config::Flags;
use crate::error::{Error, Result};
use crate::jobs::Extent;
use crate::jobs::maintenance::{Line, maintain};
use clap::{Args, ValueEnum};

/// Options of `maintain`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  agent-memory maintain daily\n  agent-memory maintain monthly --json"
)]
pub struct Maintain {
    /// daily: health, errors, jobs. weekly: growth, slow queries and vacuums besides. monthly: everything.
    #[arg(value_enum)]
    which: Which,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    Daily,
    Weekly,
    Monthly,
}

impl Maintain {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let extent = match self.which {
            Which::Daily => Extent::Daily,
            Which::Weekly => Extent::Weekly,
            Which::Monthly => Extent::Monthly,
        };
        must_exist(&configure(flags, true)?.config)?;
        with_app(flags, async |app| {
            let show = |line: &Line| {
                if !self.json {
                    let mend = line
                        .mend
                        .as_ref()
                        .map_or(String::new(), |mend| format!("\n      {mend}"));
                    let _ = super::print(&format!(
                        "{:5} {}: {}{mend}",
                        line.level, line.about, line.what
                    ));
                }
            };
            let lines = maintain(&app, extent, &mut { show }).await?;
            match self.json {
                true => {
                    super::print(&serde_json::to_string_pretty(&lines).map_err(Error::internal)?)
                }
                false => Ok(()),
            }
        })
    }
}

//! `healthcheck`: one question to the server, and an exit code: for containers.

use super::open::configure;
use super::status::{address, client};
use crate::config::Flags;
use crate::error::{Error, Kind, Result};
use clap::Args;

/// Options of `healthcheck`.
#[derive(Args)]
#[command(
    after_help = "Exits with 0 when the server of this configuration and its database answer, else with 69.\n\nExamples:\n  agent-memory healthcheck\n  HEALTHCHECK CMD [\"/agent-memory\", \"healthcheck\"]"
)]
pub struct Healthcheck {
    /// Only whether the server lives; the database may be away.
    #[arg(long)]
    live: bool,
}

impl Healthcheck {
    /// Runs the command.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let config = configure(flags, true)?.config;
        let path = if self.live { "/health/live" } else { "/health" };
        let url = format!("{}{path}", address(&config));
        let unwell = |why: String| {
            Error::new(
                Kind::Unavailable,
                "unhealthy",
                format!("{url} {why}; agent-memory doctor says what is wrong"),
            )
        };
        super::open::block_on(async {
            let reply = client()?.get(&url).send().await;
            let reply = reply.map_err(|error| unwell(format!("does not answer ({error})")))?;
            match reply.status().is_success() {
                true => super::print("healthy"),
                false => Err(unwell(format!("answers {}", reply.status()))),
            }
        })
    }
}

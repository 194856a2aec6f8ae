//! `mcp`: one MCP client on standard input and output.

use super::open::{block_on, configure, with_configured};
use crate::config::{Flags, Source};
use crate::error::Result;
use crate::http;
use crate::remote::Remote;
use crate::stop::Stopper;
use clap::Args;

/// Options of `mcp`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  agent-memory mcp\n  agent-memory mcp --tools all\n  AGENT_MEMORY_URL=https://memory.example.com AGENT_MEMORY_KEY_FILE=~/.config/agent-memory/key agent-memory mcp"
)]
pub struct Mcp {
    /// Which tools are listed: usual (what an agent needs) or all. Every tool can be called, whichever are listed.
    #[arg(long, default_value = "usual", value_parser = ["usual", "all"])]
    tools: String,
}

impl Mcp {
    /// Serves until the client goes away: for the server that AGENT_MEMORY_URL names; else on this machine's own data, where a server
    /// that runs is shared and else the database runs for the time.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let all = self.tools == "all";
        let loaded = configure(flags, true)?;
        let named = |(setting, _, source): &(String, String, Source)| {
            setting == "client.url" && !matches!(source, Source::Default)
        };
        if loaded.shown.iter().any(named) {
            let remote = Remote::new(&loaded.config.client, true)?;
            return block_on(http::bridge(remote, all, &Stopper::default()));
        }
        with_configured(loaded.config, async |app| {
            Box::pin(http::stdio(app, all, &Stopper::default())).await
        })
    }
}

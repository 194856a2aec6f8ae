//! `mcp`: one MCP client on standard input and output.

use super::open::with_app;
use crate::config::Flags;
use crate::error::Result;
use crate::http;
use crate::stop::Stopper;
use clap::Args;

/// Options of `mcp`.
#[derive(Args)]
#[command(after_help = "Examples:\n  agent-memory mcp\n  agent-memory mcp --tools all")]
pub struct Mcp {
    /// Which tools are listed: usual (what an agent needs) or all. Every tool can be called, whichever are listed.
    #[arg(long, default_value = "usual", value_parser = ["usual", "all"])]
    tools: String,
}

impl Mcp {
    /// Serves until the client goes away. A server that runs on the same data is shared, else the database runs for the time.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let all = self.tools == "all";
        with_app(flags, async |app| {
            Box::pin(http::stdio(app, all, &Stopper::default())).await
        })
    }
}

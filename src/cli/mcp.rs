//! `mcp`: one MCP client on standard input and output.

use super::open::with_app;
use crate::config::Flags;
use crate::error::Result;
use crate::http;
use crate::stop::Stopper;

/// Serves until the client goes away. A server that runs on the same data is shared, else the database runs for the time.
pub fn run(flags: &Flags) -> Result<()> {
    with_app(flags, async |app| {
        http::stdio(app, &Stopper::default()).await
    })
}

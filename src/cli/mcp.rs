//! `mcp`: one MCP client on standard input and output.

use super::open::{Database, block_on, configure, drop_root};
use crate::config::Flags;
use crate::error::Result;
use crate::http;
use crate::stop::Stopper;

/// Serves until the client goes away. A server that runs on the same data is shared, else the database runs for the time.
pub fn run(flags: &Flags) -> Result<()> {
    let config = configure(flags, true)?.config;
    drop_root(&config)?;
    block_on(async {
        let mut database = Database::open(&config, true).await?;
        let result = async {
            database.migrate().await?;
            let app = database.app(config)?;
            http::stdio(app, &Stopper::default()).await
        }
        .await;
        database.close().await;
        result
    })
}

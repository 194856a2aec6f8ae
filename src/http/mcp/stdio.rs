//! MCP on standard input and output.

use super::memory::Memory;
use crate::app::App;
use crate::error::{Error, Result};
use crate::stop::Stopper;
use rmcp::service::ServiceExt;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Serves one client on standard input and output until it goes away or the stopper says so.
pub async fn stdio(app: Arc<App>, all: bool, stopper: &Stopper) -> Result<()> {
    let memory = Memory::new(app, all);
    let cancel = CancellationToken::new();
    let service = memory.serve_with_ct(rmcp::transport::io::stdio_pipes(), cancel.clone());
    let running = tokio::select! {
        running = service => running,
        () = stopper.stopped() => return Ok(()),
    };
    // A client that leaves before its first word is no failure.
    let Ok(running) = running else { return Ok(()) };
    tokio::select! {
        ended = running.waiting() => ended.map(drop).map_err(Error::internal),
        () = stopper.stopped() => {
            cancel.cancel();
            Ok(())
        }
    }
}

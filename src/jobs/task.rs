//! Work of a job that takes longer than a batch: it goes on beside the batches, which write down how far it is.

use crate::error::{Error, Result};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Work that goes on; it ends with this value.
pub struct Task(JoinHandle<Result<String>>);

impl Task {
    /// Starts work that ends with a result as JSON.
    pub fn start(work: impl Future<Output = Result<String>> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }

    /// Waits for its end, for a while.
    pub async fn wait(&mut self, patience: Duration) -> Option<Result<String>> {
        let ended = tokio::time::timeout(patience, &mut self.0).await.ok()?;
        Some(ended.map_err(Error::internal).and_then(|result| result))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

//! One signal for everything that has to end.

use std::sync::Arc;
use tokio::sync::watch;

/// Tells tasks to end. Clones share the signal.
#[derive(Clone, Debug)]
pub struct Stopper(Arc<watch::Sender<bool>>);

impl Default for Stopper {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stopper {
    /// Asks everything to end; asking twice is asking once.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody has asked.
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody asks.
    pub async fn stopped(&self) {
        let mut receiver = self.0.subscribe();
        // An error would mean that every sender is gone, and we hold one.
        let _ = receiver.wait_for(|stopped| *stopped).await;
    }
}

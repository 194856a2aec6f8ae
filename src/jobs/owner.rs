//! The one connection as the database's owner that the queue and the worker share: both say little on it.

use crate::app::App;
use crate::db::Connection;
use crate::error::Result;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The connection, made when it is first needed and again when it broke.
#[derive(Default)]
pub struct Owner(Mutex<Option<Arc<Connection>>>);

impl Owner {
    /// The connection.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn connection(&self, app: &App) -> Result<Arc<Connection>> {
        let mut held = self.0.lock().await;
        if let Some(connection) = held.as_ref().filter(|connection| !connection.is_spoilt()) {
            return Ok(connection.clone());
        }
        let new = Arc::new(app.owner.connect().await?);
        *held = Some(new.clone());
        Ok(new)
    }
}

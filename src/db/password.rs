//! Passwords of the database's roles.

use crate::error::Result;
use std::fmt;
use std::sync::Arc;

/// A role's password: as it was given, or looked up for every connection, so that it can be changed without a restart.
#[derive(Clone)]
pub enum Password {
    /// As it was given; empty for none.
    Given(String),
    /// Looked up anew for every connection.
    Kept(Arc<dyn Fn() -> Result<String> + Send + Sync>),
}

impl Password {
    /// The password as it is now.
    pub fn now(&self) -> Result<String> {
        match self {
            Self::Given(text) => Ok(text.clone()),
            Self::Kept(look) => look(),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

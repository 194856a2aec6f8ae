//! Tenants: whose memories there are.

use crate::db::Db;
use crate::error::Result;
use crate::sql;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The most names that are kept; beyond it they are asked for again.
const MOST: usize = 100_000;

/// Tenants that are known to exist.
#[derive(Default)]
pub struct Tenants(Mutex<HashSet<String>>);

impl Tenants {
    /// Lets a tenant come into being at its first write.
    pub async fn ensure(&self, db: &Db, name: &str) -> Result<()> {
        if self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(name)
        {
            return Ok(());
        }
        db.system(sql!("tenant/ensure"), &[&name]).await?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(name.to_owned());
        Ok(())
    }
}

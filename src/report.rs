//! How far long work is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Shared by who works and who shows it.
#[derive(Clone, Default)]
pub struct Report(Arc<Inner>);

#[derive(Default)]
struct Inner {
    what: Mutex<String>,
    done: AtomicU64,
    total: AtomicU64,
}

impl Report {
    /// A new stage, of so many bytes or rows.
    pub fn stage(&self, what: impl Into<String>, total: u64) {
        *self.0.what.lock().unwrap_or_else(PoisonError::into_inner) = what.into();
        self.0.done.store(0, Ordering::Relaxed);
        self.0.total.store(total, Ordering::Relaxed);
    }

    /// So much more is done.
    pub fn advance(&self, by: u64) {
        self.0.done.fetch_add(by, Ordering::Relaxed);
    }

    /// What is being done, how far, of how much (0: not known).
    pub fn now(&self) -> (String, u64, u64) {
        let what = self.0.what.lock().unwrap_or_else(PoisonError::into_inner);
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        (what.clone(), read(&self.0.done), read(&self.0.total))
    }
}

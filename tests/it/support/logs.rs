//! Everything that this process's servers log, for tests that look for what must not be in it.

use std::sync::{Mutex, Once, PoisonError};

struct Kept(Mutex<String>);

static KEPT: Kept = Kept(Mutex::new(String::new()));

impl log::Log for Kept {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("agent_memory")
    }
    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_str(&format!("{} {}\n", record.level(), record.args()));
        }
    }
    fn flush(&self) {}
}

/// Starts to keep what is logged, at every level.
pub fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&KEPT).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
}

/// What was logged since.
pub fn all() -> String {
    KEPT.0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

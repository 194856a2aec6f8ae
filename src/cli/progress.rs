//! Progress bars of long commands: on a terminal's standard error, and nowhere else.

use crate::report::Report;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A bar.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar of so many steps.
    pub fn new(steps: u64, about: &str) -> Self {
        let bar = ProgressBar::new(steps);
        let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {elapsed} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(about.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// A bar that shows how far somebody's work is, for as long as it is there.
    pub fn of(report: &Report) -> Following {
        let ended = Arc::new(AtomicBool::new(false));
        let (report, told) = (report.clone(), ended.clone());
        let bar = ProgressBar::no_length();
        let style = ProgressStyle::with_template(
            "{spinner} {msg} {bar:30} {binary_bytes}/{binary_total_bytes} {elapsed}",
        );
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                let (what, done, total) = report.now();
                bar.set_message(what);
                bar.set_length(total.max(done));
                bar.set_position(done);
                bar.tick();
                std::thread::park_timeout(Duration::from_millis(200));
            }
            bar.finish_and_clear();
        });
        Following {
            ended,
            thread: Some(thread),
        }
    }

    /// What is being done.
    pub fn about(&self, what: &str) {
        self.0.set_message(what.to_owned());
    }

    /// A step is done.
    pub fn one_more(&self) {
        self.0.inc(1);
    }

    /// Takes it away.
    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// A bar that follows somebody's work.
pub struct Following {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A bar that panicked is gone as well.
            let _ = thread.join();
        }
    }
}

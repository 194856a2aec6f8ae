//! Tells systemd how we are, when it asked to be told (sd_notify(3)).

use sd_notify::{NotifyState, notify};

/// The server answers requests.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The server has begun to stop.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// How often systemd wants to hear that we live, if it does.
pub fn watchdog() -> Option<std::time::Duration> {
    sd_notify::watchdog_enabled()
}

/// We live.
pub fn alive() {
    tell(&[NotifyState::Watchdog]);
}

fn tell(states: &[NotifyState<'_>]) {
    // Without NOTIFY_SOCKET this does nothing; a socket that is gone is no reason to stop.
    if let Err(error) = notify(states) {
        log::debug!("systemd could not be told: {error}");
    }
}

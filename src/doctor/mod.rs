//! What is wrong, or could be, and the command that mends it. Each check stands on its own, so that it says what it can when others
//! cannot.

mod agents;
mod backups;
mod cluster;
mod database;
mod helpers;
mod host;
mod machine;
mod server;

pub use agents::agents;
pub use backups::backups;
pub use cluster::cluster;
pub use database::database;
pub use helpers::helpers;
pub use host::host;
pub use machine::{AGE, ages_and_modes, machine};
pub use server::indexes;

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and could be better.
    Warn,
    /// It does not work, or is not safe.
    Fail,
}

/// What a check found.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// A stable word for programs.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What there is.
    pub what: String,
    /// The command, or the setting, that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn ok(code: &'static str, what: impl Into<String>) -> Self {
        Self {
            code,
            level: Level::Ok,
            what: what.into(),
            mend: None,
        }
    }

    /// It works, and could be better.
    pub fn warn(code: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            level: Level::Warn,
            mend: Some(mend.into()),
            ..Self::ok(code, what)
        }
    }

    /// It does not work, or is not safe.
    pub fn fail(code: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            level: Level::Fail,
            ..Self::warn(code, what, mend)
        }
    }
}

//! Consolidation: a memory that grows wiser, not just larger.
//!
//! A run is a row of the queue ([`crate::jobs`]); its steps ([`step`]) are idempotent and find by themselves what is left to do, so that a
//! run which died goes on where it was and a second run does nothing. What decides is pure: which sentences stand for a handoff
//! ([`extract`]), which statements say the same ([`alike`]), which texts are near-identical ([`shape`]), what a day was ([`reflection`]),
//! how a memory fades ([`strength`]).

mod alike;
mod archive;
mod compress;
mod dedupe;
mod did;
pub mod extract;
mod forget;
mod identity;
mod jobs;
mod rarity;
mod reflect;
mod reflection;
mod report;
mod run;
mod settings;
mod shape;
mod stats;
mod status;
mod step;
mod strength;

pub use identity::{Groups, PRINCIPLE};
pub use jobs::Jobs;
pub use reflection::{Content, Period};
pub use run::Run;
pub use settings::{Overrides, Settings};
pub use stats::Stats;
pub use status::Status;
pub use step::{JobType, batch};
pub use strength::{decayed, half_life};

use crate::endpoint::Endpoint;

/// The job's name.
pub const JOB: &str = "consolidation";

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[
    Endpoint::of::<Run>(),
    Endpoint::of::<Status>(),
    Endpoint::of::<Jobs>(),
    Endpoint::of::<Stats>(),
];

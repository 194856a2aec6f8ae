//! The beginning of a session, and its end.

mod end;
mod extract;
mod open;
mod start;
mod startup;

pub use end::End;
pub use open::Open;
pub use start::Start;
pub use startup::Startup;

use crate::endpoint::Endpoint;

/// The operations of this folder.
pub const OPERATIONS: &[Endpoint] = &[
    Endpoint::of::<Start>(),
    Endpoint::of::<Startup>(),
    Endpoint::of::<Open>(),
    Endpoint::of::<End>(),
];

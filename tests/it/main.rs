//! The one integration-test binary: everything through the front door, on a real PostgreSQL.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod support;

mod audit;
mod backup;
mod browser;
mod consolidation;
mod context;
mod coordination;
mod edit;
mod every_operation;
mod export;
mod faces;
mod forgetting;
mod gateway;
mod gateway_refusals;
mod handoff;
mod idempotency;
mod isolation;
mod key;
mod matrix;
mod memory;
mod message;
mod precision;
mod principle;
mod recall;
mod recall_laws;
mod seal;
mod seal_export;
mod sql;
mod strict;
mod supersede;
mod tenant;
mod trust;
mod wake;

/// What starts processes of its own; left out when the suite runs again in another mode of the database.
mod process;

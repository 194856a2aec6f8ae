//! Thread's Memory System, a tour of the code.
//!
//! The name of a thing is its path: the operation `handoff_create` is src/handoff/create.rs, its statement sql/handoff/create.sql,
//! its tests in tests/it/handoff.rs, its route, MCP tool, CLI command and metric label follow from its definition.
//!
//! Start with [`operation`]: an operation has a name, a route, an access level, an input, an output and `run`. [`registry`] joins
//! the lists of all features. Four faces are made from it: REST, MCP and OpenAPI in [`http`], the command line in [`cli`].
//! [`endpoint::Endpoint::call`] is the one path that every call takes, whatever face it came by.
//!
//! Dependencies point one way: cli -> http, jobs, postgres -> registry -> features -> [`db`] -> [`config`], [`clock`], [`error`].
//! Features know nothing of warp, clap or MCP. Only `http` names warp and rmcp, only `cli` names clap, only `db` names
//! tokio-postgres and bb8, only `postgres` starts processes, nothing but `config` reads the environment, nothing but `clock` the time.
//!
//! [`db`] has the three ways to the database: a read (one round trip, bound to the tenant, read only), a transaction, and the group
//! commit, through which handoffs and events go: what waits while a batch is on its way to the disk is the next batch.
//! [`jobs`] is what the server does by itself: what is due is put into a queue of runs, and servers take runs from it, once each.
//! [`consolidation`] is the largest of them, a file a step. [`postgres`] finds, fetches, starts, restarts and stops the embedded server. `serve` in [`cli`] reads as a story of all this.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;

pub mod db;
pub mod doctor;
pub mod endpoint;
pub mod error;
pub mod fence;
pub mod file;
pub mod gateway;
pub mod hook;
pub mod http;
pub mod id;
pub mod install;
pub mod jobs;
pub mod json;
pub mod log;
pub mod metrics;
pub mod operation;
pub mod origin;
pub mod page;
pub mod postgres;
pub mod registry;
pub mod remind;
pub mod remote;
pub mod report;
pub mod stop;
pub mod systemd;
pub mod tenant;
pub mod text;
pub mod trust;
pub mod types;
pub mod write;

pub mod artifact;
pub mod audit;
pub mod backup;
pub mod cache;
pub mod capsule;
pub mod chunk;
pub mod compression;
pub mod consolidation;
pub mod context;
pub mod decision;
pub mod edge;
pub mod edit;
pub mod event;
pub mod export;
pub mod feedback;
pub mod finding;
pub mod handoff;
pub mod identity;
pub mod key;
pub mod knowledge;
pub mod message;
pub mod next;
pub mod principle;
pub mod recall;
pub mod reflection;
pub mod rule;
pub mod seal;
pub mod session;
pub mod task;
pub mod trash;
pub mod wake;
